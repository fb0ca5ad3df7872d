/**
 * A process that runs a profile of a project, to be killed by tests: `run-profile.ts <project> <profile> <results> <log>`.
 *
 * Two workers. The log gets a line `<state> <key>` whenever a step starts, is computed or runs again. Prints "done".
 */
import { appendFileSync } from 'node:fs';
import { Registry } from '../../plugins.ts';
import { Store } from '../../steps/store.ts';
import { executeRun } from '../execute.ts';
import { planRun } from '../plan.ts';

const [project = '', profile = '', results = '', log = ''] = process.argv.slice(2);
const registry = await Registry.load({ from: project });
const plan = await planRun(registry, { profile, engine: 'wasm' });
const records = await executeRun(plan, {
  store: await Store.open(),
  results,
  workers: 2,
  events: {
    step({ step, state }) {
      if (['started', 'computed', 'retried'].includes(state)) appendFileSync(log, `${state} ${step.key}\n`);
    },
  },
});
console.log(records.every(({ status }) => status === 'completed') ? 'done' : 'not all completed');
