/**
 * The stacked retraining step: several retrainings that read the same artifacts, trained side by side.
 *
 * Each network keeps what its retraining alone would keep, to rounding, under its place in the stack: its predictions,
 * and how it ended. One that diverged is excluded by itself.
 */
import type { AttributionMaps, Json, Step } from '../../contracts.ts';
import { inMemory } from '../../data/batches.ts';
import { Stream } from '../../random.ts';
import type { DescentSettings } from '../../training/gradient-descent.ts';
import { retrainStacked } from '../../training/stacked-retrain.ts';
import type { StepContext } from '../run-step.ts';
import type { Artifact } from '../store.ts';
import { predictionsPart, type StackedMetadata, type StepInputs } from './inputs.ts';
import { maskedContent, type RetrainingSettings, retrained } from './retraining.ts';

/** The parameters of a stacked retraining under 'step'. */
export interface StackSettings {
  readonly descent: DescentSettings;
  /** What is a retraining's own, by place, and its stream. */
  readonly members: readonly (Omit<RetrainingSettings, 'descent'> & { readonly stream: readonly Json[] })[];
}

export async function runStackedRetraining(step: Step, inputs: StepInputs, context: StepContext): Promise<Artifact> {
  const { descent, members } = step.parameters.step as unknown as StackSettings;
  const data = inMemory(await inputs.dataset('data'));
  const maps = mapsOnce(inputs);
  const contents = [];
  for (const { ties, stream: _, ...masking } of members) {
    context.signal.throwIfAborted();
    contents.push(await maskedContent(data, masking, new Stream(ties), maps));
  }
  const networks = await retrainStacked({
    data: contents,
    widthShape: data.shape,
    model: await inputs.plugin('model', 'model'),
    modelParameters: step.parameters.model ?? {},
    settings: descent,
    streams: members.map(({ stream }) => new Stream(stream)),
    signal: context.signal,
    progress: context.progress,
  });
  const kept = networks.map((network) => retrained(network, data.splits.test.labels));
  const metadata: StackedMetadata = {
    members: kept.map(({ outcome, metadata: facts }) => ({ outcome, metadata: facts })),
  };
  return {
    outcome: { status: 'completed' },
    metadata: metadata as unknown as Json,
    parts: Object.fromEntries(
      kept.flatMap(({ encoded }, place) => (encoded === null ? [] : [[predictionsPart(place), encoded] as const])),
    ),
  };
}

/** Reads each input once: all networks rank by the same maps. */
function mapsOnce(inputs: StepInputs): Pick<StepInputs, 'maps'> {
  const known = new Map<string, Promise<AttributionMaps>>();
  return {
    maps: (name) => {
      const maps = known.get(name) ?? inputs.maps(name);
      known.set(name, maps);
      return maps;
    },
  };
}
