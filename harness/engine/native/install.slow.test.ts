/** The real build, with the network: about a minute. Where the library cannot be fetched, the title says why. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { UsageError } from '../../errors.ts';
import { installNative } from './install.ts';
import { enginesFolder, nativeStatus } from './status.ts';
import { TENSORFLOW } from './wheel.ts';

const homes: string[] = [];

function freshHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'attribench-native-'));
  homes.push(home);
  return home;
}

afterAll(() => {
  for (const home of homes) rmSync(home, { recursive: true, force: true });
});

const home = freshHome();
const obstacle = await installNative(TENSORFLOW, { home }).then(
  () => undefined,
  (error: unknown) => {
    if (error instanceof UsageError) return error.message;
    throw error;
  },
);

if (obstacle !== undefined) {
  test(`the tensorflow engine cannot be built here: ${obstacle}`, () => {
    expect(obstacle).toMatch(/^\[attribench\] [^\n]+$/);
    expect(nativeStatus(TENSORFLOW, home).installed).toBe(false);
    expect(existsSync(enginesFolder(home)) ? readdirSync(enginesFolder(home)) : []).toEqual([]);
  });
} else {
  test('a second installation does nothing', async () => {
    const before = nativeStatus(TENSORFLOW, home);
    if (!before.installed) throw new Error('the first installation left nothing');
    const built = statSync(before.addon).mtimeMs;
    expect(await installNative(TENSORFLOW, { home })).toMatchObject({ built: false, bytes: before.bytes });
    expect(statSync(before.addon).mtimeMs).toBe(built);
    expect(readdirSync(enginesFolder(home))).toHaveLength(1);
  });

  describe.each(['downloading', 'unpacking', 'compiling'])('killed while %s', (stage) => {
    const killed = freshHome();

    beforeAll(async () => {
      const child = startInstall(killed);
      await reached(child, stage);
      // The programs that it had started run on for a moment, as after a real kill.
      child.kill('SIGKILL');
      await once(child, 'close');
    }, 120_000);

    test('nothing passes for a build', () => {
      expect(nativeStatus(TENSORFLOW, killed).installed).toBe(false);
    });

    test('the next installation completes and clears up', async () => {
      expect(await installNative(TENSORFLOW, { home: killed })).toMatchObject({ built: true });
      expect(readdirSync(enginesFolder(killed))).toHaveLength(1);
    }, 180_000);
  });
}

function startInstall(target: string): ChildProcess {
  const install = JSON.stringify(new URL('./install.ts', import.meta.url).href);
  const wheel = JSON.stringify(new URL('./wheel.ts', import.meta.url).href);
  const code = `const { installNative } = await import(${install});
    const { TENSORFLOW } = await import(${wheel});
    await installNative(TENSORFLOW, { home: ${JSON.stringify(target)}, onProgress: (note) => console.log(note) });`;
  const cwd = fileURLToPath(new URL('../../..', import.meta.url));
  const args = ['--import', 'tsx', '--input-type=module', '-e', code];
  return spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
}

function reached(child: ChildProcess, stage: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      if (text.split('\n').some((line) => line.startsWith(stage))) resolve();
    });
    child.once('close', () => reject(new Error(`the installation ended before "${stage}"`)));
  });
}
