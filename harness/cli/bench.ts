/** `attribench bench`: starts `vitest bench` with the selection in its environment. */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Command } from 'commander';
import { UsageError } from '../errors.ts';
import type { RunRequest } from '../runner.ts';
import { selectionToEnvironment } from '../selection.ts';
import type { Io } from './io.ts';
import { type SelectionOptions, selectionOf, withSelection } from './options.ts';

interface BenchOptions extends SelectionOptions {
  readonly testNamePattern?: string;
}

export function addBench(program: Command, io: Io): void {
  withSelection(program.command('bench'))
    .description('The same run through `vitest bench`: its benches time the methods, the table follows.')
    .argument('[files...]', 'bench files, by part of their name')
    .option('-t, --test-name-pattern <pattern>', "Vitest's own filter: only benches whose full name matches")
    .action(async (files: readonly string[], options: BenchOptions) => {
      const vitest = findVitest(io.cwd);
      const selection = selectionOf(options, io);
      await refuseBadSelection(selection, io);
      const pattern = options.testNamePattern;
      const reporter = fileURLToPath(new URL(`../vitest/reporter${extension}`, import.meta.url));
      const args = [
        'bench',
        '--run',
        `--reporter=${reporter}`,
        ...(pattern === undefined ? [] : ['-t', pattern]),
        ...files,
      ];
      const child = spawn(process.execPath, [vitest, ...args], {
        cwd: io.cwd,
        stdio: 'inherit',
        env: { ...io.env, ...selectionToEnvironment(selection) },
      });
      io.exit(
        await new Promise((resolve, reject) => {
          child.once('error', reject);
          // A terminal sends Ctrl-C to Vitest as well; SIGTERM reaches this process alone.
          io.signal.addEventListener('abort', () => child.kill('SIGTERM'), { once: true });
          child.once('close', (code) => resolve(io.signal.aborted ? 130 : (code ?? 1)));
        }),
      );
    });
}

const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';

/** Vitest as the project has it. */
function findVitest(cwd: string): string {
  try {
    const manifest = createRequire(pathToFileURL(join(cwd, 'package.json'))).resolve('vitest/package.json');
    return join(dirname(manifest), 'vitest.mjs');
  } catch (cause) {
    throw new UsageError(
      '[attribench] bench needs Vitest, which is not installed here: npm install --save-dev vitest@4.1',
      { cause },
    );
  }
}

/** Names are checked here, before Vitest starts, where a mistake is one sentence. */
async function refuseBadSelection(selection: RunRequest, io: Io): Promise<void> {
  const { Registry } = await import('../plugins.ts');
  const { planRun } = await import('../runner.ts');
  await planRun(await Registry.load({ from: io.cwd }), selection);
}
