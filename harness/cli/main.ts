/**
 * The `attribench` command: one file a subcommand, each thin over the rooms' functions.
 *
 * Exit codes: 0 done; 1 a cell failed; 2 wrong input, told in one sentence; 130 interrupted.
 * Each command imports what it needs when it runs, so that `--help` does not load TensorFlow.js.
 */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { asError } from '../errors.ts';
import { addBench } from './bench.ts';
import { addData } from './data.ts';
import { addEngine } from './engine.ts';
import type { Io } from './io.ts';
import { addLeaderboard } from './leaderboard.ts';
import { addList } from './list.ts';
import { addNew } from './new.ts';
import { addPlan } from './plan.ts';
import { addRun } from './run.ts';
import { addStore } from './store.ts';
import { addTheory } from './theory.ts';

const COMMANDS = [addRun, addBench, addPlan, addList, addLeaderboard, addNew, addData, addEngine, addStore, addTheory];

/** Runs one command line and returns its exit code; throws nothing. */
export async function main(args: readonly string[], outside: Omit<Io, 'exit'>): Promise<number> {
  let exitCode = 0;
  const io: Io = {
    ...outside,
    exit(code) {
      exitCode = code;
    },
  };
  const program = new Command('attribench')
    .description('Sanity checks with known right answers for attribution (saliency) methods.')
    .version(packageVersion())
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.out(text.trimEnd()),
      writeErr: (text) => io.err(text.trimEnd()),
      outputError: (text, write) =>
        write(
          `[attribench] ${text
            .replace(/^error: /, '')
            .trim()
            .replace(/\s*\n\s*/g, ' ')}`,
        ),
    })
    .showHelpAfterError(false);
  for (const add of COMMANDS) add(program, io);
  try {
    if (args.length === 0) {
      program.outputHelp();
      return 0;
    }
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (thrown) {
    return report(asError(thrown), io);
  }
}

function report(error: Error, io: Io): number {
  // Commander has written its own message; help and version are no mistakes.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  io.status('');
  if (error.name === 'UsageError') {
    io.err(error.message);
    return 2;
  }
  if (io.signal.aborted) {
    io.err('[attribench] interrupted; what was finished is kept, and the same command resumes.');
    return 130;
  }
  io.err(error.stack ?? error.message);
  return 1;
}

function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** The process around `main`: streams, Ctrl-C (once: stop cleanly, twice: at once) and the exit code. */
export async function runCli(args: readonly string[]): Promise<void> {
  const interrupt = new AbortController();
  process.on('SIGINT', () => {
    if (interrupt.signal.aborted) process.exit(130);
    interrupt.abort(new Error('[attribench] interrupted'));
  });
  process.on('SIGTERM', () => interrupt.abort(new Error('[attribench] terminated')));
  // `attribench list | head` closes our output early: that is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  const { isTTY, columns = 80 } = process.stderr;
  process.exitCode = await main(args, {
    out: (text) => process.stdout.write(`${text}\n`),
    err: (line) => process.stderr.write(`${isTTY ? '\r\x1b[K' : ''}${line}\n`),
    status: (line) => {
      if (isTTY) process.stderr.write(`\r\x1b[K${line.slice(0, columns - 1)}`);
    },
    width: process.stdout.isTTY ? process.stdout.columns : undefined,
    colour: process.stdout.isTTY === true && process.stdout.hasColors(),
    cwd: process.cwd(),
    env: process.env,
    signal: interrupt.signal,
  });
}
