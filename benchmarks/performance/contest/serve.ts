/**
 * The child of run.ts on one engine: runs jobs that come as lines of JSON, and times them.
 *
 * Every line is answered by one line: {"prepare": job}, {"run": options} with the seconds that it took each time,
 * {"count": true} with the products and convolutions of a run, {"save": path}.
 */
import { createInterface } from 'node:readline';
import { loadEngine } from '../../../harness/engine/index.ts';
import type { RunOptions } from './contestant.ts';
import type { ContestJob, PreparedJob } from './prepare.ts';

const [engine = ''] = process.argv.slice(2);
const { version } = await loadEngine(engine);
const { prepare } = await import('./prepare.ts');
const { arithmeticOf } = await import('./arithmetic.ts');
let job: PreparedJob | undefined;

for await (const line of createInterface({ input: process.stdin })) {
  const answer = await respond(JSON.parse(line)).catch((error: unknown) => ({
    error: error instanceof Error ? (error.stack ?? error.message) : String(error),
  }));
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
job?.dispose();

async function respond(request: {
  prepare?: ContestJob;
  run?: RunOptions;
  count?: true;
  save?: string;
}): Promise<object> {
  if (request.prepare !== undefined) {
    job?.dispose();
    job = await prepare(request.prepare);
    return { versions: { [engine]: version } };
  }
  if (job === undefined) throw new Error('[attribench] no job is prepared');
  if (request.save !== undefined) {
    if (job.save === undefined) throw new Error('[attribench] the job keeps nothing');
    await job.save(request.save);
    return {};
  }
  const { run } = job;
  if (request.count === true) return { arithmetic: await arithmeticOf(run) };
  const started = performance.now();
  const before = process.cpuUsage();
  const { repeats = 1 } = request.run ?? {};
  for (let i = 0; i < repeats; i++) await run();
  const { user, system } = process.cpuUsage(before);
  return { wall: (performance.now() - started) / 1000 / repeats, processor: (user + system) / 1e6 / repeats };
}
