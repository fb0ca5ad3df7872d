/** The dataset step: a data set's plugin makes its content from its sources and one stream. */
import type { Step } from '../../contracts.ts';
import { inMemory } from '../../data/batches.ts';
import { encodeDataset } from '../../data/content.ts';
import { datasetFolder } from '../../data/files.ts';
import { Stream } from '../../random.ts';
import type { StepContext } from '../run-step.ts';
import type { Artifact } from '../store.ts';
import type { StepInputs } from './inputs.ts';

export async function runDataset(step: Step, inputs: StepInputs, context: StepContext): Promise<Artifact> {
  const dataset = await inputs.plugin('dataset', 'dataset');
  const sources = [];
  for (let i = 0; `source-${i}` in step.inputs; i++) sources.push(inMemory(await inputs.dataset(`source-${i}`)));
  const content = await dataset.load({
    parameters: step.parameters.dataset ?? {},
    sources,
    stream: new Stream(step.stream),
    folder: datasetFolder(dataset.id),
    signal: context.signal,
    progress: (share) => context.progress(share),
  });
  return { outcome: { status: 'completed' }, ...encodeDataset(content) };
}
