/** A child of part.ts: the floating-point operations of the products of a finished run's steps, as one line of JSON. */
import { join } from 'node:path';
import { loadEngine } from '../../../../harness/engine/index.ts';
import { runStep } from '../../../../harness/steps/run-step.ts';
import { Store } from '../../../../harness/steps/store.ts';
import { arithmeticOf, flopOfAll } from '../../contest/arithmetic.ts';
import { planOurs } from './ours.ts';

const [engine = '', home = ''] = process.argv.slice(2);
await loadEngine(engine);
const { steps } = await planOurs(engine);
const context = {
  store: await Store.open(join(home, 'store')),
  signal: new AbortController().signal,
  progress: () => {},
  log: (line: string) => console.error(line),
};
const arithmetic = await arithmeticOf(async () => {
  // Every step's inputs are in the store, whatever the order.
  for (const step of steps) if (step.engine !== null) await runStep(step, context);
});
process.stdout.write(`${JSON.stringify({ flop: flopOfAll(arithmetic) })}\n`);
