/**
 * `npm run bench:performance`: how fast the engines compute, and how fast we are beside PyTorch and captum.
 *
 * `-- methods training` runs some parts alone, `--method` and `--network` narrow a part (then nothing is written),
 * `--resume` keeps the parts that results/performance holds already. The peers are installed by `npm run bench:peers`.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { UsageError } from 'attribench';
import { loadEngine } from '../../harness/engine/index.ts';
import { describeEnvironment } from '../../harness/results/run-information.ts';
import type { PartOptions } from './part.ts';
import { PARTS } from './parts/index.ts';
import { type PartReport, renderReport } from './report.ts';

const ROOT = join(import.meta.dirname, '../..');

try {
  await run();
} catch (thrown) {
  console.error(thrown instanceof UsageError ? thrown.message : thrown);
  process.exitCode = 1;
}

async function run(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '5' },
      clock: { type: 'string', default: 'wall' },
      method: { type: 'string', multiple: true },
      network: { type: 'string', multiple: true },
      resume: { type: 'boolean', default: false },
      out: { type: 'string', default: join(ROOT, 'results/performance') },
    },
  });
  const ids = positionals.length === 0 ? PARTS.map(({ id }) => id) : positionals;
  const parts = ids.map((id) => {
    const part = PARTS.find((candidate) => candidate.id === id);
    if (part === undefined) {
      throw new UsageError(
        `[attribench] part "${id}" is unknown, expected: ${PARTS.map((known) => known.id).join(', ')}`,
      );
    }
    return part;
  });
  const options = partOptions(values);
  const whole = options.methods === undefined && options.networks === undefined;
  // Weights and records of shapes are made here; nothing is timed in this process.
  await loadEngine('cpu');
  await mkdir(values.out, { recursive: true });
  for (const part of parts) {
    const path = join(values.out, `${part.id}.json`);
    if (values.resume && (await readReport(path)) !== undefined) continue;
    const started = performance.now();
    console.log(`\n${part.title}`);
    const rows: unknown[] = [];
    const versions: Record<string, string> = {};
    for await (const row of part.measure(options, (found) => Object.assign(versions, found))) {
      rows.push(row);
      console.log(`  ${part.line(row)}`);
    }
    if (!whole) continue;
    const report: PartReport = {
      schema: 1,
      part: part.id,
      command: `npm run bench:performance -- ${part.id}`,
      finished: new Date().toISOString(),
      minutes: (performance.now() - started) / 60_000,
      ...(await describeEnvironment(ROOT, null, versions)),
      rounds: options.rounds,
      clock: options.clock,
      rows,
    };
    await writeFile(path, `${JSON.stringify(report, null, 1)}\n`);
  }
  if (!whole) return;
  const reports = await Promise.all(PARTS.map((part) => readReport(join(values.out, `${part.id}.json`))));
  await writeFile(join(values.out, 'README.md'), renderReport(reports.filter((report) => report !== undefined)));
  console.log(`\n${join(values.out, 'README.md')}`);
}

function partOptions(values: { rounds: string; clock: string; method?: string[]; network?: string[] }): PartOptions {
  const { clock, method: methods, network: networks } = values;
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new UsageError(`[attribench] --rounds is "${values.rounds}", expected an integer from 1`);
  }
  if (clock !== 'wall' && clock !== 'processor') {
    throw new UsageError(`[attribench] --clock is "${clock}", expected "wall" or "processor"`);
  }
  return {
    rounds,
    clock,
    ...(methods === undefined ? {} : { methods }),
    ...(networks === undefined ? {} : { networks }),
  };
}

async function readReport(path: string): Promise<PartReport | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw thrown;
  }
}
