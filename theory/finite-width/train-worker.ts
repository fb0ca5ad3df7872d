/** The program of a training process: one training a message, on the engine of the first argument. */
import { loadEngine } from '../../harness/engine/index.ts';
import { asError } from '../../harness/errors.ts';
import { trainOnSupport } from './train.ts';
import type { TrainingAnswer, TrainingJob } from './train-all.ts';

const loaded = loadEngine(process.argv[2] ?? '');
const never = new AbortController().signal;

process.on('message', async (job: TrainingJob) => {
  const send = (answer: TrainingAnswer) => process.send?.(answer);
  try {
    await loaded;
    let told = 0;
    const trained = await trainOnSupport(job.settings, job.training, never, (share) => {
      if (share < told + 0.01) return;
      told = share;
      send({ share });
    });
    send({ trained });
  } catch (thrown) {
    send({ error: asError(thrown).message });
  }
});
// The parent is gone, and so is whoever wanted an answer.
process.on('disconnect', () => process.exit(0));
