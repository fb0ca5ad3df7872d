import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { UsageError } from '../errors.ts';
import { homeFolder } from '../project.ts';
import * as tf from '../tfjs.js';
import { chooseEngine, enginesPresent, loadEngine } from './index.ts';
import { addonPath, nativeFolder } from './native/status.ts';
import { type Native, TENSORFLOW, TENSORFLOW_GPU } from './native/wheel.ts';

let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'attribench-engine-'));
  vi.stubEnv('ATTRIBENCH_HOME', home);
  vi.stubEnv('ATTRIBENCH_ENGINE', '');
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});

function pretendNative(native: Native): void {
  const addon = addonPath(native, nativeFolder(native));
  mkdirSync(dirname(addon), { recursive: true });
  writeFileSync(addon, '');
}

test('wasm is the default, and says what would be faster', async () => {
  const { identity, why } = await chooseEngine();
  expect(identity.name).toBe('wasm');
  expect(why).toContain('attribench engine install tensorflow');
});

test('native TensorFlow comes first once it is built', async () => {
  pretendNative(TENSORFLOW);
  const { identity } = await chooseEngine();
  expect(identity).toEqual({ name: 'tensorflow', version: expect.stringContaining('libtensorflow') });
});

test('native TensorFlow for a GPU is used by name only, and not where its addon does not load', async () => {
  pretendNative(TENSORFLOW_GPU);
  expect((await chooseEngine()).identity.name).toBe('wasm');
  await expect(chooseEngine('tensorflow-gpu')).rejects.toThrow(
    /^\[attribench\] engine "tensorflow-gpu" is not present: its addon does not load: [^\n]*file too short$/,
  );
});

test('the argument goes before ATTRIBENCH_ENGINE, and that before the default', async () => {
  vi.stubEnv('ATTRIBENCH_ENGINE', 'cpu');
  expect((await chooseEngine()).identity.name).toBe('cpu');
  expect((await chooseEngine()).why).toContain('ATTRIBENCH_ENGINE');
  expect((await chooseEngine('wasm')).identity.name).toBe('wasm');
});

test('an unknown or absent engine is one sentence', async () => {
  await expect(chooseEngine('gpu')).rejects.toThrow(UsageError);
  await expect(chooseEngine('gpu')).rejects.toThrow(
    '"gpu" is unknown, expected one of: tensorflow-gpu, tensorflow, webgpu, wasm, cpu',
  );
  await expect(chooseEngine('tensorflow')).rejects.toThrow('attribench engine install tensorflow');
  await expect(loadEngine('tensorflow')).rejects.toThrow('is not present');
});

test('every engine says its version and why it can be used', async () => {
  for (const { version, why } of await enginesPresent()) {
    expect(version).toMatch(/^4\.22\.0/);
    expect(why).not.toBe('');
  }
});

test('loading twice is loading once', async () => {
  const first = await loadEngine('cpu');
  expect(await loadEngine('cpu')).toBe(first);
  expect(first).toMatchObject({ name: 'cpu' });
});

test('a process may change its engine and change back', async () => {
  for (const name of ['wasm', 'cpu', 'wasm']) {
    await loadEngine(name);
    expect(tf.getBackend()).toBe(name);
    expect(Array.from(await tf.matMul([[1, 2]], [[3], [4]]).data())).toEqual([11]);
  }
});

test('choosing loads no TensorFlow.js', () => {
  const module = new URL('./index.ts', import.meta.url).href;
  const code = `
    import { createRequire } from 'node:module';
    const { chooseEngine } = await import(${JSON.stringify(module)});
    await chooseEngine();
    const loaded = Object.keys(createRequire(import.meta.url).cache).filter((file) => file.includes('@tensorflow'));
    console.log(loaded.length);`;
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const options = { cwd: root, encoding: 'utf8' } as const;
  const printed = execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], options);
  expect(printed.trim()).toBe('0');
});

test('the cache folder is ATTRIBENCH_HOME, or stands in the project', () => {
  expect(homeFolder('/')).toBe(home);
  vi.stubEnv('ATTRIBENCH_HOME', '');
  const project = join(home, 'project');
  mkdirSync(join(project, 'deep/down'), { recursive: true });
  writeFileSync(join(project, 'package.json'), '{}');
  expect(homeFolder(join(project, 'deep/down'))).toBe(join(project, '.attribench'));
});
