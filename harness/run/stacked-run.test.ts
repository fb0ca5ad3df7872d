/** A small DiffROAR run one by one and in stacks: the same measures to rounding, the same verdicts, other artifacts. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import type { CellRecord, RunInformation } from '../contracts.ts';
import { packageRoot, Registry } from '../plugins.ts';
import { networksOf } from '../steps/stacks.ts';
import { Store } from '../steps/store.ts';
import { executeRun } from './execute.ts';
import { planRun, type RunPlan } from './plan.ts';
import { stackRetrainings } from './stacking.ts';

const PLUGINS = `
  import { defineProfile } from 'attribench';
  export default defineProfile({
    id: 'tiny', title: 'Tiny', cite: 'none', revision: 1, seed: 0, trainings: 3,
    parameters: {
      'planted-gaussians': { side: 8, train: 400, test: 300 },
      standard: { epochs: 4 },
      diffroar: { levels: [0.1, 0.2], maskLevels: [0.1], roadLevels: [], rankings: [], retrainings: 2, epochs: 3, batchSize: 64 },
    },
    suites: [{
      dataset: { id: 'planted-gaussians' }, models: [{ id: 'mlp' }], trainings: [{ id: 'standard' }],
      checks: [{ id: 'diffroar', methods: ['input-gradient', 'random'] }],
    }],
  });
`;

let folder: string;
let registry: Registry;
let store: Store;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'attribench-stacked-run-'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'attribench.config.ts'), "export default { plugins: ['./plugins.ts'] };");
  writeFileSync(join(folder, 'plugins.ts'), PLUGINS);
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(packageRoot, join(folder, 'node_modules/attribench'));
  vi.stubEnv('ATTRIBENCH_HOME', join(folder, 'home'));
  registry = await Registry.load({ from: folder });
  store = await Store.open(join(folder, 'store'));
}, 60_000);
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});
afterEach(() => vi.stubEnv('ATTRIBENCH_STACK', ''));

async function run(stack: string, results: string, signal?: AbortSignal, done: (kind: string) => void = () => {}) {
  vi.stubEnv('ATTRIBENCH_STACK', stack);
  const plan = await stackRetrainings(await planRun(registry, { profile: 'tiny', engine: 'wasm' }), {
    store,
    line() {},
  });
  const computed: string[] = [];
  const records = await executeRun(plan, {
    store,
    results: join(folder, results),
    workers: 2,
    ...(signal === undefined ? {} : { signal }),
    events: {
      step({ step, state }) {
        if (state !== 'computed') return;
        computed.push(step.kind);
        done(step.kind);
      },
    },
  });
  return { plan, records, computed };
}

/** Every number of a record's measures, by what it is. */
function numbersIn(record: CellRecord): Map<string, number | null> {
  if (record.status !== 'completed') throw new Error(`${record.status}: ${JSON.stringify(record)}`);
  return new Map(
    record.measures.flatMap(({ id, estimate, interval, replicates }) => [
      [`${id}`, estimate] as const,
      [`${id} low`, interval?.[0] ?? null] as const,
      [`${id} high`, interval?.[1] ?? null] as const,
      ...replicates.map(({ training, retraining, value }) => [`${id} ${training} ${retraining}`, value] as const),
    ]),
  );
}

const count = (plan: RunPlan, kind: string) => plan.steps.filter((step) => step.kind === kind).length;
const runFile = ({ cells }: RunPlan, results: string): RunInformation =>
  JSON.parse(readFileSync(join(folder, results, `${cells[0]?.path}.run.json`), 'utf8'));

it('stacks of four give the records of one by one', async () => {
  const one = await run('1', 'one');
  // Cut off after the first stack, which is not computed again.
  const control = new AbortController();
  const cut = run('4', 'four', control.signal, () => control.abort(new Error('enough')));
  await expect(cut).rejects.toThrow('enough');
  const four = await run('4', 'four');

  expect(count(one.plan, 'stacked-retraining')).toBe(0);
  expect(count(four.plan, 'retraining')).toBe(0);
  const networks = (plan: RunPlan) => plan.steps.reduce((sum, step) => sum + networksOf(step), 0);
  expect(networks(four.plan)).toBe(networks(one.plan));
  expect(four.computed.filter((kind) => kind === 'stacked-retraining').length).toBeLessThan(
    count(four.plan, 'stacked-retraining'),
  );
  // Maps and models are those of the first run; retrainings and what reads them are not.
  expect(new Set(four.computed)).toEqual(new Set(['stacked-retraining', 'evaluation']));

  expect(one.records).toHaveLength(2);
  for (const [i, record] of one.records.entries()) {
    const other = four.records[i] as CellRecord;
    expect(other.identity).toEqual(record.identity);
    expect(other.key).toBe(record.key);
    expect((other as { verdict?: string }).verdict).toBe((record as { verdict?: string }).verdict);
    const [expected, found] = [numbersIn(record), numbersIn(other)];
    expect([...found.keys()]).toEqual([...expected.keys()]);
    for (const [name, value] of found) {
      const wanted = expected.get(name) ?? null;
      if (value === null || wanted === null) expect(value, name).toBe(wanted);
      else expect(Math.abs(value - wanted), name).toBeLessThan(1e-5);
    }
  }

  expect(runFile(four.plan, 'four').versions['stacked retraining']).toContain(
    'up to 4 at once, as ATTRIBENCH_STACK says',
  );
  expect(runFile(one.plan, 'one').versions['stacked retraining']).toContain('one by one');
  expect(JSON.stringify(four.records)).not.toContain('ATTRIBENCH_STACK');

  // What was stored is found again, whatever is missing of it.
  expect((await run('4', 'four')).computed).toEqual([]);
  const [lost] = four.plan.steps.filter(({ kind }) => kind === 'stacked-retraining');
  const reader = four.plan.steps.find(({ inputs }) => Object.values(inputs).some(({ key }) => key === lost?.key));
  for (const step of [lost, reader]) if (step !== undefined) await store.remove(step);
  expect((await run('4', 'four')).computed).toEqual(['stacked-retraining', 'evaluation']);
}, 120_000);
