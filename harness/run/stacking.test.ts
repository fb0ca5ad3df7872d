/** Which plans are stacked, by what was measured before; few or unfit retrainings leave a plan as it is. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { packageRoot, Registry } from '../plugins.ts';
import { networksOf } from '../steps/stacks.ts';
import { Store } from '../steps/store.ts';
import type { StackTimings } from '../training/stack-rule.ts';
import { planRun, type RunPlan } from './plan.ts';
import { stackingLine, stackRetrainings } from './stacking.ts';

const PLUGINS = `
  import { defineDataset, defineModel, defineProfile, stream, tf } from 'attribench';
  const described = { title: 'Mine', cite: 'none', revision: 1 };
  export const halves = defineDataset({ id: 'halves', ...described, load() {
    const split = (name, n) => {
      const images = stream('test', name).uniforms(n * 16, 0, 0.3);
      for (let i = 0; i < n; i++) images.fill(0.9, i * 16 + 8 * (i % 2), i * 16 + 8 * (i % 2) + 8);
      return { images, labels: Int32Array.from({ length: n }, (_, i) => i % 2) };
    };
    return { shape: [4, 4, 1], classes: ['a', 'b'], bounds: { low: 0, high: 1 },
      splits: { train: split('train', 70), validation: split('validation', 10), test: split('test', 40) } };
  } });
  export const dropping = defineModel({ id: 'dropping', ...described, build: ({ inputShape, classes }) => tf.sequential({ layers: [
    tf.layers.flatten({ name: 'flatten', inputShape: [...inputShape] }), tf.layers.dropout({ name: 'drop', rate: 0.5 }),
    tf.layers.dense({ name: 'logits', units: classes, kernelInitializer: 'zeros' }),
  ] }) });
  const profile = (id, { model = 'linear', methods = ['random', 'centre'], trainings = 2, more = {} }) => defineProfile({
    id, ...described, seed: 0, trainings,
    parameters: { diffroar: { levels: [0.1, 0.2, 0.3], maskLevels: [], roadLevels: [], rankings: [], ...more } },
    suites: [{ dataset: { id: 'halves' }, models: [{ id: model }], trainings: [{ id: 'standard' }], checks: [{ id: 'diffroar', methods }] }],
  });
  export const many = profile('many', {});
  export const few = profile('few', { methods: ['random'], trainings: 1 });
  export const flipped = profile('flipped', { more: { flip: true } });
  export const unfit = profile('unfit', { model: 'dropping' });
`;

let folder: string;
let registry: Registry;
let store: Store;
let home: string;
/** What was measured once, and under which name it is kept. */
let measured: string;
let name: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'attribench-stacking-'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'attribench.config.ts'), "export default { plugins: ['./plugins.ts'] };");
  writeFileSync(join(folder, 'plugins.ts'), PLUGINS);
  // The pool's processes resolve 'attribench' as any project does.
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(packageRoot, join(folder, 'node_modules/attribench'));
  registry = await Registry.load({ from: folder });
  store = await Store.open(join(folder, 'store'));
  home = mkdtempSync(join(folder, 'home-'));
  vi.stubEnv('ATTRIBENCH_HOME', home);
  await stackRetrainings(await planOf('many'), { store, cores: 1, line });
  measured = readFileSync(kept(), 'utf8');
  name = Object.keys(JSON.parse(measured))[0] ?? '';
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

beforeEach(() => {
  home = mkdtempSync(join(folder, 'home-'));
  vi.stubEnv('ATTRIBENCH_HOME', home);
  vi.stubEnv('ATTRIBENCH_STACK', '');
});
afterEach(() => vi.unstubAllEnvs());

const planOf = (profile: string) => planRun(registry, { profile, engine: 'wasm' });
const lines: string[] = [];
const line = (text: string) => void lines.push(text);
const kept = () => join(home, 'stacking.json');

/** The plan of many retrainings, as if these timings had been measured. */
async function pretend(timings: StackTimings): Promise<RunPlan> {
  writeFileSync(kept(), JSON.stringify({ [name]: timings }));
  return planOf('many');
}

const sizesOf = ({ steps }: RunPlan) => steps.filter(({ kind }) => kind === 'stacked-retraining').map(networksOf);
const FAST: StackTimings = { milliseconds: { 1: [8, 8], 2: [4, 4], 4: [2, 2], 8: [1, 1] }, bytes: 2 ** 20 };

describe('a plan is left as it is', () => {
  it.each([
    ['few', 'one by one, since there are fewer than 16'],
    ['flipped', 'one by one, since images are augmented'],
    ['unfit', 'one by one, since it is no chain of dense layers: layer "drop" is of type Dropout'],
  ])('%s: %s', async (profile, why) => {
    const plan = await planOf(profile);
    const stacked = await stackRetrainings(plan, { store, cores: 1, line });
    expect(stacked).toEqual({ ...plan, stackings: stacked.stackings });
    expect(new Set(stacked.stackings?.map((choice) => choice.why))).toEqual(new Set([why]));
    expect(() => readFileSync(kept())).toThrow('ENOENT');
  });

  it('with work enough for each core, before anything is measured', async () => {
    const stacked = await stackRetrainings(await planOf('many'), { store, cores: 100, line });
    expect(stackingLine(stacked)).toBe(
      'Stacked retraining: 28 × retraining linear on halves, images: one by one, since 100 cores have work enough.',
    );
  });

  it('by a rule of one: every key, and every cell, is that of the plan', async () => {
    const plan = await pretend({ ...FAST, milliseconds: { 1: [5, 5], 2: [5, 5] } });
    const stacked = await stackRetrainings(plan, { store, cores: 1 });
    expect(stacked.steps).toEqual(plan.steps);
    expect(stacked.cells).toEqual(plan.cells);
  });

  it('without retrainings, and without a line on them', async () => {
    const plan = { ...(await planOf('few')), cells: [], steps: [] };
    expect(stackingLine(await stackRetrainings(plan, { store }))).toBeUndefined();
  });

  it('while its data set is not stored, unless it may be computed', async () => {
    const empty = await Store.open(join(home, 'store'));
    const plan = await planOf('many');
    const [first] = (await stackRetrainings(plan, { store: empty, cores: 1 })).stackings ?? [];
    expect(first?.why).toBe('one by one, since its data set is not in the store: the run decides once it is');
    lines.length = 0;
    await pretend(FAST);
    const [then] = (await stackRetrainings(plan, { store: empty, cores: 1, line })).stackings ?? [];
    expect(then?.why).toMatch(/ ms /);
    expect(lines).toEqual([expect.stringMatching(/^dataset halves: [\d.]+ s$/)]);
  });
});

describe('a plan is stacked', () => {
  it('by the fastest size that was measured, and the identities of its cells stay', async () => {
    const plan = await pretend(FAST);
    const stacked = await stackRetrainings(plan, { store, cores: 1 });
    expect(sizesOf(stacked)).toEqual([6, 4, 6, 6, 6]);
    expect(stacked.stackings?.[0]).toMatchObject({ size: 8, gain: 8 });
    for (const [i, { identity, key, path, evaluations }] of stacked.cells.entries()) {
      expect({ identity, key, path }).toEqual({
        identity: plan.cells[i]?.identity,
        key: plan.cells[i]?.key,
        path: plan.cells[i]?.path,
      });
      for (const evaluation of evaluations) expect(stacked.steps).toContain(evaluation);
    }
    expect((await stackRetrainings(plan, { store, cores: 1 })).steps).toEqual(stacked.steps);
  });

  it('with two stacks a core at least, and no more images than fit', async () => {
    const plan = await pretend(FAST);
    const largest = async (cores: number, bytes = FAST.bytes) => {
      await pretend({ ...FAST, bytes });
      const stacked = await stackRetrainings(plan, { store, cores });
      expect(sizesOf(stacked).length === 0 || sizesOf(stacked).length >= 2 * cores).toBe(true);
      return Math.max(1, ...sizesOf(stacked));
    };
    expect(await largest(1)).toBe(6);
    expect(await largest(3)).toBe(4);
    expect(await largest(6)).toBe(2);
    expect(await largest(8)).toBe(1);
    const image = 4 * 4 * 4;
    expect(await largest(1, 2 * 70 * image)).toBe(2);
    expect(await largest(1, 2 * 70 * image - 1)).toBe(1);
  });

  it('by a size that the environment names, also one', async () => {
    const plan = await planOf('few');
    vi.stubEnv('ATTRIBENCH_STACK', '4');
    const stacked = await stackRetrainings(plan, { store, cores: 1 });
    expect(sizesOf(stacked)).toEqual([3, 3, 2]);
    expect(stackingLine(stacked)).toContain('up to 4 at once, as ATTRIBENCH_STACK says');
    vi.stubEnv('ATTRIBENCH_STACK', '1');
    expect((await stackRetrainings(plan, { store, cores: 1 })).steps).toEqual(plan.steps);
    vi.stubEnv('ATTRIBENCH_STACK', 'many');
    await expect(stackRetrainings(plan, { store })).rejects.toThrow(
      'ATTRIBENCH_STACK is "many", expected an integer from 1',
    );
  });
});

it('timings are measured once a shape, engine and machine, and again where the file is spoilt', async () => {
  expect(name).toMatch(/^4x4x1 to 2, batches of 70 · wasm · [0-9a-f]{12}$/);
  const plan = await pretend(FAST);
  writeFileSync(kept(), measured.replaceAll('"1"', '"one"'));
  await stackRetrainings(plan, { store, cores: 1 });
  expect(Object.keys(JSON.parse(readFileSync(kept(), 'utf8')))).toEqual([name]);
  const again = readFileSync(kept(), 'utf8');
  expect(again).not.toBe(measured);
  await stackRetrainings(plan, { store, cores: 1 });
  expect(readFileSync(kept(), 'utf8')).toBe(again);
});
