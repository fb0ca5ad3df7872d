/**
 * Retrainings of one shape trained as one batched computation: what each of them would be by `retrain`, to rounding.
 */
import type { DatasetContent, ImageShape, Model, Parameters, Split } from '../contracts.ts';
import { keptBytes } from '../engine/index.ts';
import { UsageError } from '../errors.ts';
import { type DenseChain, denseChain } from '../network/dense-chain.ts';
import type { Stream } from '../random.ts';
import * as tf from '../tfjs.js';
import { isAugmented } from './augmentation.ts';
import { EVALUATION_BATCH } from './batches.ts';
import type { DescentSettings } from './gradient-descent.ts';
import { initialise } from './initialisation.ts';
import type { RetrainedNetwork } from './retrain.ts';
import { gatherStacked, keepStacked, stackedRows } from './stacked-batches.ts';
import { descendStacked } from './stacked-descent.ts';
import { type StackedNetwork, stackNetworks } from './stacked-network.ts';

export interface StackedRetrainingRequest {
  /** The masked data sets, one a network, in the shape that the network sees; all of one shape, classes and number of images. */
  readonly data: readonly DatasetContent[];
  /** The shape of the images before masking, which decides the networks' widths. */
  readonly widthShape: ImageShape;
  readonly model: Model;
  readonly modelParameters: Parameters;
  readonly settings: DescentSettings;
  /** One a network: the stream that `retrain` would be given. */
  readonly streams: readonly Stream[];
  readonly signal: AbortSignal;
  progress(share: number, note?: string): void;
}

/** What stacked retrainings leave: of each network what `retrain` returns. */
export type StackedRetraining = readonly RetrainedNetwork[];

/** Whether these settings describe a training that can be stacked: images as they are, every epoch to the last. */
export function stackableSettings(settings: DescentSettings): boolean {
  return !isAugmented(settings) && settings.stopBelow === 0;
}

/**
 * Trains all networks from scratch side by side, predicts the test splits, and keeps no weights.
 * Errors: UsageError for a model that is no chain of dense layers, or for settings that cannot be stacked.
 */
export async function retrainStacked(request: StackedRetrainingRequest): Promise<StackedRetraining> {
  const { data, settings, streams, signal, progress } = request;
  const [first] = data;
  if (first === undefined) return [];
  refuseOthers(request, first);
  const network = initialNetworks(request, first);
  try {
    const splits = data.map(({ splits: { train } }) => train);
    const batches = keptBytes() > 0 ? keepStacked(splits, first.shape) : gatherStacked(splits, first.shape);
    const count = first.splits.train.labels.length;
    const common = { network, count, classes: first.classes.length, settings, streams, signal, progress };
    const runs = await descendStacked({ ...common, batches }).finally(() => batches.dispose());
    const sound = await soundNetworks(network, data.length);
    const tests = data.map(({ splits: { test } }) => test);
    const predictions = await predictStacked(network, tests, first.shape);
    return runs.map(({ status, log }, r) =>
      status === 'diverged' || sound[r] !== true
        ? { status: 'diverged', log, predictions: null }
        : { status, log, predictions: predictions[r] as Int32Array },
    );
  } finally {
    network.dispose();
  }
}

function refuseOthers({ data, settings, streams }: StackedRetrainingRequest, first: DatasetContent): void {
  const facts = ({ shape, classes, splits: { train, test } }: DatasetContent) =>
    `${shape}, ${classes.length} classes, ${train.labels.length} and ${test.labels.length} images`;
  const other = data.find((one) => facts(one) !== facts(first));
  if (other !== undefined) {
    throw new UsageError(`[attribench] stacked retraining: data of ${facts(other)} beside ${facts(first)}`);
  }
  if (streams.length !== data.length) {
    throw new UsageError(`[attribench] stacked retraining: ${streams.length} streams for ${data.length} networks`);
  }
  if (!stackableSettings(settings)) {
    throw new UsageError('[attribench] stacked retraining: images are augmented or epochs cut short, expected neither');
  }
}

function initialNetworks(request: StackedRetrainingRequest, first: DatasetContent): StackedNetwork {
  const { widthShape, model, modelParameters: parameters, streams } = request;
  const architecture = { inputShape: first.shape, classes: first.classes.length, parameters, widthShape };
  const found = denseChain(model, architecture);
  if (found.chain === null) {
    throw new UsageError(`[attribench] model "${model.id}" cannot be stacked: ${found.why}`);
  }
  const chain: DenseChain = found.chain;
  return stackNetworks(
    chain,
    streams.map((stream) => initialise(model, architecture, stream.derive('initialisation'))),
  );
}

/** Whether all weights of each network are finite. */
async function soundNetworks({ variables }: StackedNetwork, networks: number): Promise<boolean[]> {
  const sound = Array.from({ length: networks }, () => true);
  for (const variable of variables) {
    const values = await variable.data();
    const size = values.length / networks;
    for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) sound[Math.floor(i / size)] = false;
  }
  return sound;
}

/** Predicted classes of each network for its own split, in the split's order. */
async function predictStacked(network: StackedNetwork, splits: readonly Split[], shape: ImageShape) {
  const count = splits[0]?.labels.length ?? 0;
  const predictions = splits.map(() => new Int32Array(count));
  for (let from = 0; from < count; from += EVALUATION_BATCH) {
    const n = Math.min(EVALUATION_BATCH, count - from);
    const indices = Uint32Array.from({ length: n }, (_, i) => from + i);
    const classes = tf.tidy(() => {
      const { rows } = stackedRows(
        splits,
        shape,
        splits.map(() => indices),
      );
      return tf.argMax(network.logits(rows), 2);
    });
    const values = await classes.data<'int32'>();
    classes.dispose();
    predictions.forEach((own, r) => {
      own.set(values.subarray(r * n, (r + 1) * n), from);
    });
  }
  return predictions;
}
