/** Run by the part `stacking`, with an engine, a network, steps, rounds and a clock: times stacks and prints them as JSON. */
import { loadEngine } from '../../../harness/engine/index.ts';
import { processorClock, SIZES, timeInRounds, wallClock } from '../../../harness/training/stack-rule.ts';

const [engine = '', network = '{}', steps, rounds, clock] = process.argv.slice(2);
await loadEngine(engine);
const how = { sizes: SIZES, steps: Number(steps), clock: clock === 'processor' ? processorClock : wallClock };
// What runs first is compiled first.
await timeInRounds(JSON.parse(network), { ...how, rounds: 2 });
const milliseconds = await timeInRounds(JSON.parse(network), { ...how, rounds: Number(rounds) });
process.stdout.write(`\n${JSON.stringify(milliseconds)}`, () => process.exit(0));
