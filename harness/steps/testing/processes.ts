/** Looking at processes from tests. */
import { readFileSync } from 'node:fs';

/** True for a process that runs; one that has ended but was not yet collected by its parent does not. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    const status = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return status.charAt(status.lastIndexOf(')') + 2) !== 'Z';
  } catch {
    return process.platform !== 'linux';
  }
}

/** Waits until none of the processes runs; returns those that still do after so many milliseconds. */
export async function survivors(pids: readonly number[], milliseconds: number): Promise<readonly number[]> {
  for (const end = performance.now() + milliseconds; ; await pause(20)) {
    const running = pids.filter(isRunning);
    if (running.length === 0 || performance.now() > end) return running;
  }
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
