/**
 * `npm run bench:performance`: how fast the engines compute, and how fast we are beside PyTorch and captum.
 *
 * `-- methods training` runs some parts alone, `--method` and `--network` narrow a part (then something is written only
 * where `--out` says), `--rounds` says how many there are at most, `--resume` keeps the parts that are already whole in
 * the folder. A part that fails is named in the report, and the others still run. The peers are installed by
 * `npm run bench:peers`.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from 'attribench';
import { enginesPresent, loadEngine } from '../../harness/engine/index.ts';
import { describeEnvironment } from '../../harness/results/run-information.ts';
import { readArguments } from './arguments.ts';
import { type Part, type PartOptions, reason } from './part.ts';
import { PARTS } from './parts/index.ts';
import { type PartReport, renderReport } from './report.ts';

const ROOT = join(import.meta.dirname, '../..');

try {
  await run();
} catch (thrown) {
  console.error(thrown instanceof UsageError ? thrown.message : thrown);
  process.exitCode = thrown instanceof UsageError ? 2 : 1;
}

async function run(): Promise<void> {
  const asked = readArguments(process.argv.slice(2), PARTS, join(ROOT, 'results/performance'));
  const { folder, clock, methods, networks } = asked;
  const engines = await enginesPresent();
  const absent = engines.filter(({ present }) => !present).map(({ name, why }) => `engine ${name} is absent: ${why}.`);
  const options = {
    clock,
    // Hours of plain JavaScript would tell nobody anything.
    engines: engines.filter(({ name, present }) => present && name !== 'cpu').map(({ name }) => name),
    ...(methods === undefined ? {} : { methods }),
    ...(networks === undefined ? {} : { networks }),
  };
  // Weights and records of shapes are made here; nothing is timed in this process.
  await loadEngine('cpu');
  if (folder !== undefined) await mkdir(folder, { recursive: true });
  for (const part of asked.parts) {
    const path = folder === undefined ? undefined : join(folder, `${part.id}.json`);
    if (asked.resume && path !== undefined && (await readReport(path))?.failed === null) continue;
    const report = await measurePart(part, { ...options, rounds: asked.roundsOf(part) }, absent);
    if (report.failed !== null) process.exitCode = 1;
    if (path !== undefined) await writeFile(path, `${JSON.stringify(report, null, 1)}\n`);
  }
  if (folder === undefined) return;
  const reports = await Promise.all(PARTS.map((part) => readReport(join(folder, `${part.id}.json`))));
  const whole = reports.filter((report) => report !== undefined);
  await writeFile(join(folder, 'README.md'), renderReport(PARTS, whole));
  console.log(`\n${join(folder, 'README.md')}`);
}

/** Runs a part to its end or to its failure; what it measured until then is kept. */
async function measurePart(
  part: Part<unknown>,
  options: Omit<PartOptions, 'problem'>,
  absent: readonly string[],
): Promise<PartReport> {
  const started = performance.now();
  const rows: unknown[] = [];
  const versions: Record<string, string> = {};
  const problems = [...absent];
  const problem = (sentence: string) => {
    problems.push(sentence);
    console.log(`  ${sentence}`);
  };
  let failed: string | null = null;
  console.log(`\n${part.title}`);
  try {
    for await (const row of part.measure({ ...options, problem }, (found) => Object.assign(versions, found))) {
      rows.push(row);
      console.log(`  ${part.line(row)}`);
    }
  } catch (thrown) {
    failed = reason(thrown);
    console.error(thrown);
  }
  return {
    schema: 2,
    part: part.id,
    command: `npm run bench:performance -- ${part.id}`,
    finished: new Date().toISOString(),
    minutes: (performance.now() - started) / 60_000,
    ...(await describeEnvironment(ROOT, null, versions)),
    rounds: options.rounds,
    clock: options.clock,
    problems,
    failed,
    rows,
  };
}

/** A part's file; undefined where there is none, or one of an older form. */
async function readReport(path: string): Promise<PartReport | undefined> {
  try {
    const report: PartReport = JSON.parse(await readFile(path, 'utf8'));
    return report.schema === 2 ? report : undefined;
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined;
    throw thrown;
  }
}
