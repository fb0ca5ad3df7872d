/**
 * The child of part.ts: times every job on one engine and writes the results as one line of JSON.
 *
 * The clock is the process's own processor time: with one thread it equals the time on the wall where the
 * machine is idle, and programs beside it hardly move it.
 */
import { Bench } from 'tinybench';
import { loadEngine } from '../../../../harness/engine/index.ts';

/** One job on one engine; milliseconds of processor time are of one unit of work. */
export interface Timing {
  readonly id: string;
  readonly title: string;
  readonly kind: 'product' | 'convolution' | 'step';
  readonly flop: number;
  readonly n: number;
  readonly median: number;
  readonly fastest: number;
  readonly slowest: number;
}

const [engine = ''] = process.argv.slice(2);
await loadEngine(engine);
const { jobs } = await import('./jobs.ts');
const timings: Timing[] = [];
for (const make of jobs) {
  const job = make();
  try {
    const bench = new Bench({
      now: processorMilliseconds,
      time: 1000,
      iterations: 8,
      warmupTime: 300,
      warmupIterations: 2,
      throws: true,
    });
    // Awaited inside, so that tinybench sees an asynchronous task and calls it once a sample.
    bench.add(job.id, async () => {
      await job.run();
    });
    await bench.run();
    const result = bench.tasks[0]?.result;
    if (result === undefined || !('latency' in result)) throw new Error(`[attribench] ${job.title} gave no timing`);
    const { p50, min, max, samplesCount } = result.latency;
    timings.push({
      id: job.id,
      title: job.title,
      kind: job.kind,
      flop: job.flop,
      n: samplesCount,
      median: p50 / job.units,
      fastest: min / job.units,
      slowest: max / job.units,
    });
  } finally {
    job.dispose();
  }
}
process.stdout.write(`${JSON.stringify(timings)}\n`);

function processorMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
