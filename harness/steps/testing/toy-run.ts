/**
 * A process that runs a graph of toy steps, to be killed by tests: `toy-run.ts <folder> <workers> <busy>`.
 *
 * The store lies in `<folder>/store`, and `<folder>/log` gets a line whenever a step starts. Prints
 * "done", or "stopped" after SIGINT, and the number of steps computed.
 */
import { join } from 'node:path';
import { createPool } from '../pool.ts';
import { runSteps } from '../scheduler.ts';
import { Store } from '../store.ts';
import { toyGraph } from './toy-steps.ts';

const [folder = '', workers, busy] = process.argv.slice(2);
const store = await Store.open(join(folder, 'store'));
const pool = createPool({
  workers: Number(workers),
  storeFolder: store.folder,
  program: new URL('./toy-worker.ts', import.meta.url),
});
const control = new AbortController();
process.once('SIGINT', () => control.abort());
let computed = 0;
try {
  await runSteps(toyGraph({ busy: Number(busy), log: join(folder, 'log') }), {
    pool,
    store,
    signal: control.signal,
    settled: (_, { status }) => {
      if (status === 'computed') computed++;
    },
  });
} catch (thrown) {
  if (!control.signal.aborted) throw thrown;
} finally {
  await pool.close();
}
console.log(control.signal.aborted ? 'stopped' : 'done', computed);
