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
  ({
    label,
    engine: engine === null ? null : { name: engine, version: '1' },
    parameters: {},
    inputs: {},
  }) as never as Step;

it('keeps the mean over trainings, by engine', async () => {
  await keepTimings(
    [
      { step: step('training mlp on blocks, training 0'), seconds: 2 },
      { step: step('training mlp on blocks, training 1'), seconds: 4 },
      { step: step('training mlp on blocks, training 1', 'cpu'), seconds: 90 },
    ],
    {},
    home,
  );
  await keepTimings([{ step: step('dataset mnist', null), seconds: 1 }], { rate: 5 }, home);
  expect(await readTimings(home)).toEqual({
    [timingName(step('training mlp on blocks'))]: 3,
    [timingName(step('training mlp on blocks', 'cpu'))]: 90,
    [timingName(step('dataset mnist', null))]: 1,
    rate: 5,
  });
  expect(timingName(step('training mlp on blocks, training 7, initial weights'))).toMatch(
    /^training mlp on blocks, initial weights · wasm · [0-9a-f]{8}$/,
  );
});

it('tells settings and data apart, and of a retraining neither masks nor index', () => {
  const retraining = (label: string, own: object, data = 'a') =>
    timingName({
      ...step(label),
      kind: 'retraining',
      parameters: { model: {}, step: { descent: { epochs: 8 }, ...own } },
      inputs: { data: { kind: 'dataset', key: data } },
    });
  const first = retraining('retraining mlp, image, zero: top 5 % of a, training 1, retraining 0', { level: 0.05 });
  expect(retraining('retraining mlp, image, zero: bottom 9 % of b, training 2, retraining 1', { level: 0.9 })).toBe(
    first,
  );
  expect(retraining('retraining mlp, image, zero: top 5 %', { descent: { epochs: 9 } })).not.toBe(first);
  expect(retraining('retraining mlp, image, zero: top 5 %', {}, 'b')).not.toBe(first);
  expect(retraining('retraining mlp, mask, zero: top 5 %', {})).not.toBe(first);
});

it('forgets a spoilt file instead of failing', async () => {
  writeFileSync(join(home, 'timings.json'), '{"a": "x", "b": 2');
  expect(await readTimings(home)).toEqual({});
  writeFileSync(join(home, 'timings.json'), '{"a": "x", "b": 2}');
  expect(await readTimings(home)).toEqual({ b: 2 });
});
