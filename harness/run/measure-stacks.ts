/**
 * A process that times stacks: its arguments are an engine and a network as JSON, its last line the timings as JSON.
 *
 * A process of its own, single-threaded as those that train, which hands memory and device back when it ends.
 */
import { loadEngine, sharesDevice } from '../engine/index.ts';
import { type MeasuredNetwork, measureStacks, processorClock, wallClock } from '../training/stack-rule.ts';

const [engine = '', network = '{}'] = process.argv.slice(2);
await loadEngine(engine);
const measured: MeasuredNetwork = JSON.parse(network);
const timings = await measureStacks(measured, sharesDevice(engine) ? wallClock : processorClock);
process.stdout.write(`\n${JSON.stringify(timings)}`, () => process.exit(0));
