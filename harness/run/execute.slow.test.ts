/** A whole run on plugins of a project: records, failures, reruns, numbers of workers, interrupts. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { packageRoot, Registry } from '../plugins.ts';
import { Store } from '../steps/store.ts';
import { executeRun, type RunOptions } from './execute.ts';
import { planRun, type RunPlan } from './plan.ts';
import { standingRecords, withoutCells } from './standing.ts';

/** Models that are functions need no training, so that a run takes a second or two. */
const PLUGINS = `
  import { defineDataset, defineMethod, defineModel, defineProfile, stream, tf } from 'attribench';
  const described = { title: 'Mine', cite: 'none', revision: 1 };
  const halves = (upper) => Uint8Array.from({ length: 30 * 16 }, (_, i) => Number(i % 16 < 8 === upper));
  export const made = defineDataset({ id: 'made', ...described, load() {
    const split = (name) => ({
      images: stream('test', name).uniforms(30 * 16),
      labels: Int32Array.from({ length: 30 }, (_, i) => i % 2),
      masks: { signal: halves(true), null: halves(false) },
    });
    const splits = { train: split('train'), validation: split('validation'), test: split('test') };
    return { shape: [4, 4, 1], classes: ['a', 'b'], bounds: { low: 0, high: 1 }, splits };
  } });
  export const upper = defineModel({ id: 'upper', ...described, build: () => ({
    logits: (images) => tf.sum(images.reshape([-1, 4, 4]).slice([0, 0, 0], [-1, 2, 4]), 1).slice([0, 0], [-1, 2]),
    dispose() {},
  }) });
  const method = (id, attribute, needs = ['logits']) => defineMethod({ id, ...described, needs, rank: 'magnitude', attribute });
  export const throwing = method('throwing', () => { throw new Error('out of ideas'); });
  export const deep = method('deep', ({ images }) => images.clone(), ['layers']);
  export const endless = method('endless', () => new Promise(() => { setInterval(() => {}, 1000); }));
  const profile = (id, methods) => defineProfile({ id, ...described, seed: 0, trainings: 3, suites: [{
    dataset: { id: 'made' }, models: [{ id: 'upper' }], trainings: [{ id: 'given' }],
    checks: [{ id: 'null-block-leakage', methods }, { id: 'null-block-zeroing' }],
  }] });
  export const whole = profile('whole', ['throwing', 'random', 'input-gradient', 'deep']);
  export const waiting = profile('waiting', ['random', 'endless']);
`;

let folder: string;
let registry: Registry;
let place: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'attribench-run-'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'attribench.config.ts'), "export default { plugins: ['./plugins.ts'] };");
  writeFileSync(join(folder, 'plugins.ts'), PLUGINS);
  // Workers resolve 'attribench' as any project does.
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(packageRoot, join(folder, 'node_modules/attribench'));
  registry = await Registry.load({ from: folder });
  process.env.ATTRIBENCH_HOME = join(folder, 'home');
});
afterAll(() => {
  delete process.env.ATTRIBENCH_HOME;
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  place = mkdtempSync(join(folder, 'place-'));
});

const planOf = (profile: string) => planRun(registry, { profile, engine: 'cpu' });

async function run(plan: RunPlan, name: string, options: Partial<RunOptions> = {}) {
  const states: string[] = [];
  const store = await Store.open(join(place, 'store'));
  const events: RunOptions['events'] = { step: ({ state }) => states.push(state) };
  const records = await executeRun(plan, { workers: 1, events, ...options, store, results: join(place, name) });
  return { records, states };
}

/** Every record file of a results folder by path, as bytes. */
function filesIn(name: string): { [path: string]: string } {
  const root = join(place, name);
  const paths = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) => /\.json$/.test(path));
  return Object.fromEntries(paths.sort().map((path) => [path, readFileSync(join(root, path), 'utf8')]));
}
const recordsIn = (name: string) =>
  Object.fromEntries(Object.entries(filesIn(name)).filter(([path]) => !path.endsWith('.run.json')));

it('leaves a record a cell, in the order of the plan; a cell that fails or cannot apply leaves the others alone', async () => {
  const plan = await planOf('whole');
  const { records } = await run(plan, 'first');
  expect(records.map(({ status, identity: { method } }) => [method?.id ?? 'model', status])).toEqual([
    ['deep', 'skipped'],
    ['input-gradient', 'completed'],
    ['random', 'completed'],
    ['throwing', 'failed'],
    ['model', 'completed'],
  ]);
  expect(records[3]).toMatchObject({ step: expect.stringMatching(/^attribution throwing/), error: 'out of ideas' });
  expect(Object.keys(recordsIn('first')).sort()).toEqual(plan.cells.map(({ path }) => `${path}.json`).sort());

  // Again: nothing is computed, only tried where it failed, and no file changes, provenance included.
  const before = filesIn('first');
  const again = await run(plan, 'first');
  expect(again.states.filter((state) => state === 'computed')).toEqual([]);
  expect(again.states.filter((state) => state === 'failed')).toHaveLength(2);
  expect(filesIn('first')).toEqual(before);
  expect(again.records).toEqual(records);
});

it('leaves the same bytes with one worker and with two', async () => {
  const plan = await planOf('whole');
  const computed = (states: readonly string[]) => states.filter((state) => state === 'computed').length;
  const one = await run(plan, 'records');
  const bytes = recordsIn('records');
  place = mkdtempSync(join(folder, 'place-'));
  const two = await run(plan, 'records', { workers: 2 });
  expect(recordsIn('records')).toEqual(bytes);
  expect(computed(two.states)).toBe(computed(one.states));
});

it('throws the reason when interrupted, and keeps the records of what was finished', async () => {
  const plan = await planOf('waiting');
  const control = new AbortController();
  const running = run(plan, 'cut', {
    workers: 2,
    signal: control.signal,
    events: { cell: () => control.abort(new Error('enough')) },
  });
  await expect(running).rejects.toThrow('enough');
  const kept = Object.keys(recordsIn('cut'));
  expect(kept.length).toBeGreaterThan(0);
  expect(kept.filter((path) => path.includes('endless'))).toEqual([]);
});

it('records that stand need no run: not with an empty store, and only under the identity that is planned', async () => {
  const plan = await planOf('whole');
  const { records } = await run(plan, 'first');
  const results = join(place, 'first');
  const standing = await standingRecords(plan, results);
  const failed = plan.cells.filter(({ path }) => path.endsWith('/throwing'));
  expect([...standing.values()]).toEqual(records.filter(({ status }) => status !== 'failed'));

  const rest = withoutCells(plan, standing);
  expect(rest.cells).toEqual(failed);
  const labels = rest.steps.map(({ label }) => label);
  expect(labels.filter((label) => /random|input-gradient/.test(label))).toEqual([]);
  expect(labels.some((label) => /attribution throwing/.test(label))).toBe(true);
  expect(withoutCells(plan, new Set())).toEqual(plan);
  expect(withoutCells(plan, new Set(plan.cells))).toMatchObject({ cells: [], steps: [] });

  const other = { ...plan, cells: plan.cells.map((planned) => ({ ...planned, key: 'other' })) };
  expect(await standingRecords(other, results)).toEqual(new Map());
  writeFileSync(join(results, `${plan.cells[1]?.path}.json`), '{');
  await expect(standingRecords(plan, results)).rejects.toThrow(/input-gradient\.json: is not JSON, expected a record/);
  expect(await standingRecords(plan, join(place, 'nowhere'))).toEqual(new Map());
});
