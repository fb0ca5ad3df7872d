/** Running another program to its end, with a clear sentence when it fails. */
import { spawn } from 'node:child_process';
import { UsageError } from '../../errors.ts';

export interface CommandOptions {
  readonly signal?: AbortSignal | undefined;
  readonly cwd?: string;
  readonly env?: Record<string, string>;
  /** What the program was to do, for the sentence: 'download the library'. */
  readonly task: string;
}

/** Runs a program and returns its standard output; errors: UsageError with the last lines it wrote. */
export function runCommand(program: string, args: readonly string[], options: CommandOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    // A process group of its own, so that an abort also ends what the program started.
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let output = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors += text;
    });
    const stop = () => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    };
    options.signal?.addEventListener('abort', stop, { once: true });
    child.once('error', (cause) => {
      options.signal?.removeEventListener('abort', stop);
      reject(new UsageError(`[attribench] could not ${options.task}: ${program} did not start`, { cause }));
    });
    child.once('close', (code, killedBy) => {
      options.signal?.removeEventListener('abort', stop);
      if (options.signal?.aborted) reject(options.signal.reason);
      else if (code === 0) resolve(output);
      else reject(new UsageError(failure(program, options.task, code ?? killedBy, errors || output)));
    });
  });
}

function failure(program: string, task: string, code: number | string | null, text: string): string {
  const lines = text.trim().split('\n');
  const telling = lines.findLast((line) => /error/i.test(line)) ?? lines.at(-1) ?? '';
  return `[attribench] could not ${task}: ${program} ended with ${code}: ${telling.trim().slice(0, 300)}`;
}
