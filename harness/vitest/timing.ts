/**
 * What a bench times: the attribution step as the run made it, on the first images of the test split.
 *
 * The network is opened once; each iteration predicts the classes, attributes the batch and reads the
 * maps back. For a check of the model alone it is one forward pass over the same images.
 */
import type { DatasetContent, Images, Step } from '../contracts.ts';
import { batchTensor, batchValues } from '../data/batches.ts';
import type { BuiltNetwork } from '../network/build.ts';
import { runAttribution } from '../steps/kinds/attribution.ts';
import { StepInputs } from '../steps/kinds/inputs.ts';
import type { StepContext } from '../steps/run-step.ts';
import type { Store } from '../steps/store.ts';
import * as tf from '../tfjs.js';

/** Images of a timed batch: enough to be a batch, few enough for the slowest method. */
export const TIMED_IMAGES = 16;

/** The inputs of a step with a short test split, opened once. */
class TimingInputs extends StepInputs {
  readonly #networks = new Map<string, Promise<BuiltNetwork>>();

  override async dataset(name: string): Promise<DatasetContent<Images>> {
    const content = await super.dataset(name);
    const { labels, masks } = content.splits.test;
    const count = Math.min(TIMED_IMAGES, labels.length);
    const area = count * content.shape[0] * content.shape[1];
    const images = batchValues(content.splits.test, content.shape, [...labels.subarray(0, count).keys()]);
    const short = { images, labels: labels.subarray(0, count) };
    const test =
      masks === undefined
        ? short
        : { ...short, masks: { signal: masks.signal.subarray(0, area), null: masks.null.subarray(0, area) } };
    return { ...content, splits: { ...content.splits, test } };
  }

  override network(name: string, which: 'final' | 'initial' = 'final'): Promise<BuiltNetwork> {
    const key = `${name} ${which}`;
    const known = this.#networks.get(key) ?? super.network(name, which);
    this.#networks.set(key, known);
    return known;
  }
}

export interface Timing {
  run(): Promise<void>;
  dispose(): void;
}

/** One attribution of a batch by an attribution step, whose inputs are in the store. */
export function timeAttribution(step: Step, store: Store): Timing {
  const { inputs, context } = open(step, store);
  return {
    async run() {
      await runAttribution(step, inputs, context);
    },
    dispose: () => inputs.dispose(),
  };
}

/** One forward pass over a batch by the network of a training step that is in the store. */
export function timePrediction(training: Step, store: Store): Timing {
  const { model } = training.plugins;
  const { inputs } = open(
    {
      ...training,
      plugins: model === undefined ? {} : { weights: model },
      parameters: { weights: training.parameters.model ?? {} },
      inputs: { ...training.inputs, weights: { kind: training.kind, key: training.key } },
    },
    store,
  );
  return {
    async run() {
      const { shape, splits } = await inputs.dataset('data');
      const { network } = await inputs.network('weights');
      const images = batchTensor(splits.test, shape, Array.from(splits.test.labels.keys()));
      const logits = tf.tidy(() => network.logits(images));
      await logits.data();
      tf.dispose([images, logits]);
    },
    dispose: () => inputs.dispose(),
  };
}

function open(step: Step, store: Store): { inputs: StepInputs; context: StepContext } {
  const context: StepContext = { store, signal: new AbortController().signal, progress() {}, log() {} };
  return { inputs: new TimingInputs(step, context), context };
}
