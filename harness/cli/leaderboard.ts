/** `attribench leaderboard`: the page made from the records of a results folder, and from nothing else. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import writeFileAtomic from 'write-file-atomic';
import type { CellRecord } from '../contracts.ts';
import { UsageError } from '../errors.ts';
import type { ClaimResult } from '../leaderboard/claims.ts';
import type { StoredRecord } from '../results/records.ts';
import type { Io } from './io.ts';
import { json } from './table.ts';

interface LeaderboardOptions {
  readonly results?: string;
  readonly check?: boolean;
  readonly json?: boolean;
}

export function addLeaderboard(program: Command, io: Io): void {
  program
    .command('leaderboard')
    .description('Make the page of the records: README.md and its pictures in the results folder.')
    .option('--results <folder>', 'the records (default: ./results of the project)')
    .option('--check', 'write nothing; exit with 1 where the page is not what the records say')
    .option('--json', 'print the standings as JSON and write nothing')
    .action(async (options: LeaderboardOptions) => {
      const { Registry } = await import('../plugins.ts');
      const { catalogueFrom } = await import('../closing.ts');
      const { readRecords } = await import('../results/records.ts');
      const registry = await Registry.load({ from: io.cwd });
      const folder = options.results === undefined ? registry.project.results : resolve(io.cwd, options.results);
      if (!existsSync(folder)) throw new UsageError(`[attribench] ${folder}: there is no such folder of records`);
      const records = await withoutLocal(folder, await readRecords(folder));
      const catalogue = catalogueFrom(registry);
      const claims = await claimsOf(records);
      if (options.json) {
        const { standings } = await import('../leaderboard/standings.ts');
        io.out(json({ tables: standings(records, catalogue), claims }));
        return;
      }
      const { leaderboardFiles } = await import('../leaderboard/files.ts');
      const stale: string[] = [];
      for (const [path, text] of leaderboardFiles(records, catalogue, claims)) {
        const file = join(folder, path);
        if ((await readFile(file, 'utf8').catch(() => undefined)) === text) continue;
        stale.push(path);
        if (options.check) continue;
        await mkdir(dirname(file), { recursive: true });
        await writeFileAtomic(file, text);
      }
      if (options.check && stale.length > 0) {
        io.err(`[attribench] not what the records say: ${stale.join(', ')}; run "attribench leaderboard"`);
        io.exit(1);
        return;
      }
      const page = relative(io.cwd, join(folder, 'README.md'));
      io.out(
        `${page}: ${records.length} records, ${stale.length === 0 ? 'unchanged' : `${stale.length} files written`}.`,
      );
    });
}

/** What became of the paper's claims in the records, profile by profile; the claims live beside the checks. */
async function claimsOf(records: readonly StoredRecord[]): Promise<readonly ClaimResult[]> {
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  const module = new URL(`../../benchmarks/claims/index${extension}`, import.meta.url).href;
  const { default: evaluate } = (await import(module)) as {
    default: (records: readonly CellRecord[]) => readonly ClaimResult[];
  };
  const profiles = [...new Set(records.map(({ profile }) => profile))];
  return profiles.flatMap((profile) => {
    const claims = evaluate(records.filter((stored) => stored.profile === profile).map(({ record }) => record));
    return profiles.length === 1 ? claims : claims.map((claim) => ({ ...claim, id: `${profile}: ${claim.id}` }));
  });
}

/** Records that git ignores are somebody's own: the page holds those that everybody has. */
async function withoutLocal(folder: string, records: readonly StoredRecord[]): Promise<readonly StoredRecord[]> {
  if (records.length === 0) return records;
  const ignored = await new Promise<ReadonlySet<string>>((done) => {
    // Without git or a repository nothing is ignored; exit code 1 means the same.
    const git = execFile('git', ['-C', folder, 'check-ignore', '--stdin', '-z'], (_, output) =>
      done(new Set(output.split('\0'))),
    );
    git.stdin?.on('error', () => {});
    git.stdin?.end(records.map(({ path }) => `${path}.json`).join('\0'));
  });
  return records.filter(({ path }) => !ignored.has(`${path}.json`));
}
