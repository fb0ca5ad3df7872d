/** A measurement in a process of its own, with one thread: a program of the report that prints its result as JSON. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { singleThreadedEnv } from '../../harness/engine/index.ts';

/** How a program is run. */
export interface ChildOptions {
  /** Options of Node itself. */
  readonly node?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** What a TypeScript program (an absolute path) prints on its last line. */
export async function measuredBy(
  program: string,
  args: readonly string[],
  { node = [], environment = {} }: ChildOptions = {},
) {
  const { stdout } = await promisify(execFile)(process.execPath, [...node, '--import', 'tsx', program, ...args], {
    env: { ...process.env, ...singleThreadedEnv, ...environment },
    maxBuffer: 2 ** 24,
  });
  return lastLine(stdout);
}

/** The last line of an output, read as JSON. Errors: Error where it is none. */
export function lastLine(output: string) {
  const line = output.trim().split('\n').at(-1) ?? '';
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new Error(`[attribench] a measurement ended with ${JSON.stringify(line)}, expected JSON`, { cause });
  }
}
