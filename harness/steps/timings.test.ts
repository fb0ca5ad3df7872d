import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Step } from '../contracts.ts';
import { keepTimings, readTimings, timingName } from './timings.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'attribench-timings-'));
});
afterEach(() => rmSync(home, { recursive: true }));

const step = (label: string, engine: string | null = 'wasm') =>
  ({ label, engine: engine === null ? null : { name: engine, version: '1' } }) as Step;

it('keeps the mean over trainings, by engine', async () => {
  await keepTimings(
    [
      { step: step('training mlp on blocks, training 0'), seconds: 2 },
      { step: step('training mlp on blocks, training 1'), seconds: 4 },
      { step: step('training mlp on blocks, training 1', 'cpu'), seconds: 90 },
    ],
    home,
  );
  await keepTimings([{ step: step('dataset mnist', null), seconds: 1 }], home);
  expect(await readTimings(home)).toEqual({
    'training mlp on blocks · wasm': 3,
    'training mlp on blocks · cpu': 90,
    'dataset mnist · no engine': 1,
  });
  expect(timingName(step('training mlp on blocks, training 7, initial weights'))).toBe(
    'training mlp on blocks, initial weights · wasm',
  );
});

it('forgets a spoilt file instead of failing', async () => {
  writeFileSync(join(home, 'timings.json'), '{"a": "x", "b": 2');
  expect(await readTimings(home)).toEqual({});
  writeFileSync(join(home, 'timings.json'), '{"a": "x", "b": 2}');
  expect(await readTimings(home)).toEqual({ b: 2 });
});
