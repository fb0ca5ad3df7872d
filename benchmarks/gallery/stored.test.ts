import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatasetContent, Split } from 'attribench';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { encodeDataset } from '../../harness/data/content.ts';
import { encodeSafetensors } from '../../harness/formats/safetensors.ts';
import { Registry } from '../../harness/plugins.ts';
import { planRun, type RunPlan } from '../../harness/runner.ts';
import { Store } from '../../harness/steps/store.ts';
import { galleryOf } from './stored.ts';

// Images of 4 x 1: blocks of 2 x 1. Image i holds i / 10; its null block is below for even i.
const COUNT = 4;
const LABELS = [1, 1, 0, 0];
const split: Split = {
  images: Float32Array.from({ length: COUNT * 4 }, (_, i) => Math.floor(i / 4) / 10),
  labels: Int32Array.from(LABELS),
  masks: {
    signal: Uint8Array.from({ length: COUNT * 4 }, (_, i) => Number(nullAt(i) === 0)),
    null: Uint8Array.from({ length: COUNT * 4 }, (_, i) => nullAt(i)),
  },
};
const content: DatasetContent = {
  shape: [4, 1, 1],
  classes: ['zero', 'one'],
  bounds: { low: 0, high: 1 },
  splits: { train: split, validation: split, test: split },
};

let registry: Registry;
let plan: RunPlan;
let folder: string;
let store: Store;

beforeAll(async () => {
  registry = await Registry.load();
  plan = await planRun(registry, {
    profile: 'quick',
    engine: 'cpu',
    checks: ['null-block-leakage'],
    datasets: ['blockmnist'],
    methods: ['centre', 'input-gradient'],
  });
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attribench-gallery-'));
  store = await Store.open(folder);
});
afterEach(() => rm(folder, { recursive: true }));

/** Stores the data set and the maps of one training index: method m of training way w holds 100 w + 10 m + image. */
async function fill(training: number, excluded = false): Promise<void> {
  for (const [at, planned] of plan.cells.entries()) {
    for (const { kind, key } of Object.values(planned.evaluations[training]?.inputs ?? {})) {
      const { metadata, parts } = encodeDataset(content);
      if (kind === 'dataset')
        await store.write({ kind, key }, { outcome: { status: 'completed' }, metadata, parts }, { seconds: 0 });
      if (kind !== 'attribution') continue;
      const values = Float32Array.from(
        { length: COUNT * 4 },
        (_, i) => 10 * at + Math.floor(i / 4) + (i % 4 < 2 ? 0 : 0.5),
      );
      const maps = encodeSafetensors([
        { name: 'values', shape: [COUNT, 4, 1, 1], data: values },
        { name: 'classes', shape: [COUNT], data: split.labels },
      ]);
      await store.write(
        { kind, key },
        {
          outcome: excluded ? { status: 'excluded', reason: 'diverged' } : { status: 'completed' },
          metadata: { shape: [4, 1, 1], rank: 'magnitude', images: COUNT },
          parts: { maps },
        },
        { seconds: 0 },
      );
    }
  }
}

test('shows the first image of each class, signal above and below, with the maps of the first complete training', async () => {
  await fill(0, true);
  await fill(1);
  const { images, columns, groups, shape } = await galleryOf(registry, plan, store);
  expect(shape).toEqual([4, 1, 1]);
  // Class zero with the null block below is image 2; class one with the null block above is image 1.
  expect(images).toEqual([
    { pixels: new Float32Array(4).fill(0.2), caption: '“zero”', frame: { top: 2, left: 0, height: 2, width: 1 } },
    { pixels: new Float32Array(4).fill(0.1), caption: '“one”', frame: { top: 0, left: 0, height: 2, width: 1 } },
  ]);
  expect(columns).toEqual([
    { title: 'Input gradient', rank: 'magnitude' },
    { title: 'Centre (control)', rank: 'value' },
  ]);
  expect(groups.length).toBe(2);
  const cellOf = (group: number, method: string) =>
    plan.cells.findIndex(({ cell }, at) => cell.method?.id === method && Math.floor(at / 2) === group);
  groups.forEach(({ maps }, group) => {
    [2, 1].forEach((image, row) => {
      ['input-gradient', 'centre'].forEach((method, column) => {
        const base = 10 * cellOf(group, method) + image;
        const expected = Float32Array.of(base, base, base + 0.5, base + 0.5);
        const inside = row === 0 ? 2 * base + 1 : 2 * base;
        expect(maps[row]?.[column]).toEqual({
          values: expected,
          caption: `${Math.round((100 * inside) / (4 * base + 1))} %`,
        });
      });
    });
  });
});

test('names the run that is lacking', async () => {
  await fill(0, true);
  await expect(galleryOf(registry, plan, store)).rejects.toThrow(
    'run "attribench run --profile quick --engine cpu" first',
  );
});

function nullAt(i: number): number {
  const [image, row] = [Math.floor(i / 4), i % 4];
  return Number(image % 2 === 0 ? row >= 2 : row < 2);
}
