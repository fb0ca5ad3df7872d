/** `attribench theory`: runs the studies of the theory's room and writes their records and figures. */
import { existsSync, readdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Command } from 'commander';
import writeFileAtomic from 'write-file-atomic';
import type { EngineIdentity } from '../contracts.ts';
import type { Finding, Study, StudyResult } from '../study.ts';
import type { Io } from './io.ts';
import { expectWord, positiveInteger } from './options.ts';
import { duration, json } from './table.ts';

interface TheoryOptions {
  readonly quick?: boolean;
  readonly engine?: string;
  readonly workers?: number;
  readonly results?: string;
  readonly json?: boolean;
}

/** Where studies live, under the package's root. */
const ROOM = 'theory/studies';

/** Where a reduced run's records go, so that they replace none of a full one. */
const QUICK_FOLDER = 'quick';

export function addTheory(program: Command, io: Io): void {
  program
    .command('theory [studies...]')
    .description('Prove and measure what the theory says; write records and figures. All studies, or those named.')
    .option('--quick', 'a reduced form, in less than a minute')
    .option('-e, --engine <name>', 'the engine of trainings: wasm, tensorflow or cpu (default: the fastest present)')
    .option('--workers <n>', 'processes for trainings (default: one a core)', positiveInteger)
    .option('--results <folder>', 'where records and figures go (default: ./results/theory of the project)')
    .option('--json', 'print the findings as JSON')
    .action(async (ids: readonly string[], options: TheoryOptions) => {
      const { locateProject } = await import('../project.ts');
      const known = await loadStudies();
      for (const id of ids) {
        await expectWord(
          'study',
          id,
          known.map((study) => study.id),
        );
      }
      const quick = options.quick === true;
      const results = join(locateProject(io.cwd).root, 'results', 'theory');
      const folder = options.results === undefined ? join(results, quick ? QUICK_FOLDER : '') : options.results;
      const target = resolve(io.cwd, folder);
      const chosen = known.filter(({ id }) => ids.length === 0 || ids.includes(id));
      const finished: { readonly study: Study; readonly result: StudyResult; readonly seconds: number }[] = [];
      let engine: Promise<EngineIdentity> | undefined;
      for (const study of chosen) {
        io.signal.throwIfAborted();
        const started = performance.now();
        let told = 0;
        const result = await study.run({
          quick,
          engine: () => {
            engine ??= choose(options.engine);
            return engine;
          },
          workers: options.workers,
          signal: io.signal,
          progress: (share, note = '') => {
            const line = `${study.title}: ${Math.round(100 * share)} % ${note}`;
            io.status(line);
            // A log, which has no line to rewrite, gets one a tenth of the way.
            const tenth = Math.floor(10 * share);
            if (io.width === undefined && tenth > told) io.err(line);
            told = Math.max(told, tenth);
          },
        });
        const seconds = (performance.now() - started) / 1000;
        await write(target, study, result, { quick, seconds, engine: (await engine) ?? null });
        io.err(`${study.title}: ${duration(seconds)}.`);
        finished.push({ study, result, seconds });
      }
      if (options.json) {
        io.out(
          json(
            finished.map(({ study: { id, title, cite }, result: { findings }, seconds }) => ({
              id,
              title,
              cite,
              findings,
              seconds,
            })),
          ),
        );
      } else {
        const sections = finished.map(({ study, result }) => section(study, result.findings));
        const where = relative(io.cwd, target) || '.';
        io.out([...sections, `${where}: ${finished.length} records and their figures.`].join('\n\n'));
      }
      if (finished.some(({ result }) => result.findings.some(({ status }) => status === 'fail'))) io.exit(1);
    });
}

/** The studies of this package, in their order. */
async function loadStudies(): Promise<readonly Study[]> {
  const { packageRoot } = await import('../plugins.ts');
  const { UsageError } = await import('../errors.ts');
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  const folder = join(packageRoot, ROOM);
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const files = names.filter((name) => name.endsWith(extension) && !/\.(test|property|slow|d)\.[tj]s$/.test(name));
  const studies = await Promise.all(
    files.map(async (name) => {
      const { default: study } = (await import(pathToFileURL(join(folder, name)).href)) as { default?: Study };
      const id = name.slice(0, -extension.length);
      if (study?.id !== id) {
        throw new UsageError(
          `[attribench] ${join(ROOM, name)}: the default export's id is "${study?.id}", expected "${id}"`,
        );
      }
      return study;
    }),
  );
  return studies.sort((a, b) => a.order - b.order || (a.id < b.id ? -1 : 1));
}

async function choose(name: string | undefined): Promise<EngineIdentity> {
  const { chooseEngine } = await import('../engine/index.ts');
  return (await chooseEngine(name)).identity;
}

/** `<id>.json` is compared byte for byte, `<id>.run.json` says where and when, `<name>.svg` are the figures. */
async function write(
  folder: string,
  { id, title, cite, revision }: Study,
  { findings, record, figures }: StudyResult,
  {
    quick,
    seconds,
    engine,
  }: { readonly quick: boolean; readonly seconds: number; readonly engine: EngineIdentity | null },
): Promise<void> {
  const { canonicalText } = await import('../results/records.ts');
  const { describeEnvironment } = await import('../results/run-information.ts');
  const { packageRoot } = await import('../plugins.ts');
  const environment = await describeEnvironment(packageRoot, engine);
  await mkdir(folder, { recursive: true });
  const body = { schema: 1, study: { id, title, cite, revision }, quick, findings, record };
  await writeFileAtomic(join(folder, `${id}.json`), canonicalText(body));
  const run = { schema: 1, study: id, finished: new Date().toISOString(), seconds, ...environment };
  await writeFileAtomic(join(folder, `${id}.run.json`), canonicalText(run));
  for (const [name, svg] of Object.entries(figures)) await writeFileAtomic(join(folder, `${name}.svg`), svg);
}

/** A study's findings, the status first. */
function section({ title, cite }: Study, findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ status }) => status.length));
  const lines = findings.map(
    ({ statement, outcome, status }) => `  ${status.padEnd(width)}  ${statement}\n  ${' '.repeat(width)}    ${outcome}`,
  );
  return [`${title} (${cite})`, ...lines].join('\n');
}
