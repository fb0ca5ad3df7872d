/** Which cells a request leaves of a profile, and what each is called. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Registry } from '../plugins.ts';
import { identityKey } from '../results/schema.ts';
import { STEP_REVISIONS } from '../steps/step.ts';
import { planRun, type RunPlan, type RunRequest } from './plan.ts';

const PLUGINS = `
  import { defineCheck, defineMethod, defineProfile, NotApplicable } from 'attribench';
  const described = { title: 'Mine', cite: 'none', revision: 1 };
  export const mine = defineMethod({ id: 'mine', ...described, needs: ['logits'], rank: 'value', attribute: ({ images }) => images });
  export const never = defineCheck({
    id: 'never', ...described, subject: 'model', criterion: 'Never.', primary: 'x', evaluations: {},
    steps() { throw new NotApplicable('it applies to nothing'); }, judge() { throw new Error('judged'); },
  });
  const suite = (...checks) => ({ dataset: { id: 'blockmnist' }, models: [{ id: 'linear' }], trainings: [{ id: 'standard' }], checks: checks.map((id) => ({ id })) });
  export const misspelt = defineProfile({
    id: 'misspelt', ...described, seed: 0, trainings: 1, parameters: { occulsion: { stride: 4 } }, suites: [suite('robust-accuracy')],
  });
  export const uneven = defineProfile({
    id: 'uneven', ...described, seed: 0, trainings: 2, suites: [suite('robust-accuracy'), { ...suite('null-block-zeroing'), repeats: 3 }],
  });
  export const variants = defineProfile({
    id: 'variants', ...described, seed: 0, trainings: 1, suites: [{
      ...suite(), checks: [{ id: 'null-block-leakage', methods: [{ id: 'linear-model', parameters: { weights: 'explained-class' } }, 'random', 'linear-model'] }],
    }],
  });
  export const doubled = defineProfile({
    id: 'doubled', ...described, seed: 0, trainings: 1, suites: [suite('robust-accuracy', 'robust-accuracy')],
  });
  export default defineProfile({
    id: 'small', ...described, seed: 7, trainings: 2, methods: ['random', 'constant'],
    parameters: { standard: { epochs: 4 } },
    suites: [
      {
        dataset: { id: 'blockmnist', parameters: { digits: [3, 8] } },
        models: [{ id: 'linear' }, { id: 'mlp-256' }],
        trainings: [{ id: 'standard' }, { id: 'pgd-l2', parameters: { epochs: 5 } }],
        checks: [{ id: 'null-block-leakage' }, { id: 'before-after-training', methods: ['random'] }, { id: 'robust-accuracy' }],
      },
      { dataset: { id: 'blockmnist-top' }, models: [{ id: 'linear' }], trainings: [{ id: 'given' }], checks: [{ id: 'null-block-zeroing' }, { id: 'never' }] },
    ],
  });
`;

let folder: string;
let registry: Registry;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'attribench-plan-'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'attribench.config.ts'), "export default { plugins: ['./plugins.ts'] };");
  writeFileSync(join(folder, 'plugins.ts'), PLUGINS);
  registry = await Registry.load({ from: folder });
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

const planned = (request: Partial<RunRequest> = {}): Promise<RunPlan> =>
  planRun(registry, { profile: 'small', engine: 'cpu', ...request });
const paths = async (request: Partial<RunRequest>) => (await planned(request)).cells.map(({ path }) => path);

const SUITE = 'blockmnist+digits=3,8';

describe('the cells of a run', () => {
  it("are the suites' products, with the profile's methods, and the project's own where a check lists none", async () => {
    const found = await paths({ models: ['linear'], trainings: ['standard'] });
    expect(found).toEqual([
      `small/null-block-leakage/${SUITE}/linear--standard+epochs=4/constant`,
      `small/null-block-leakage/${SUITE}/linear--standard+epochs=4/mine`,
      `small/null-block-leakage/${SUITE}/linear--standard+epochs=4/random`,
      `small/before-after-training/${SUITE}/linear--standard+epochs=4/random`,
      `small/robust-accuracy/${SUITE}/linear--standard+epochs=4/model`,
    ]);
    expect(await paths({})).toHaveLength(4 * 5 + 2);
  });

  it.each([
    ['datasets', ['blockmnist-top'], 2],
    ['models', ['mlp-256'], 10],
    ['trainings', ['pgd-l2', 'given'], 12],
    ['checks', ['robust-accuracy', 'before-after-training'], 8],
  ])('are narrowed by %s', async (list, ids, count) => {
    expect(await paths({ [list]: ids })).toHaveLength(count);
  });

  it('name a method as often as a check lists it with other parameters', async () => {
    const found = (await paths({ profile: 'variants' })).map((path) => path.split('/').at(-1));
    expect(found).toEqual(['linear-model+weights=explained-class', 'linear-model', 'random']);
  });

  it('are those of the methods asked for, and then no check of the model alone', async () => {
    const found = await planned({ methods: ['mine', 'random'] });
    expect(new Set(found.cells.map(({ cell }) => cell.method?.id))).toEqual(new Set(['mine', 'random']));
  });

  it('are those that a predicate leaves, and only their steps are planned', async () => {
    const plan = await planned({ only: ({ check, model }) => check.id === 'robust-accuracy' && model.id === 'linear' });
    expect(plan.cells).toHaveLength(2);
    expect(plan.steps.filter(({ kind }) => kind === 'training')).toHaveLength(4);
    expect(plan.steps.filter(({ kind }) => kind === 'attribution')).toEqual([]);
  });

  it('are those of the methods asked for, also where the profile lists others, but not where a check does', async () => {
    const found = await paths({ methods: ['centre', 'random'], models: ['linear'], trainings: ['standard'] });
    expect(found).toEqual([
      `small/null-block-leakage/${SUITE}/linear--standard+epochs=4/centre`,
      `small/null-block-leakage/${SUITE}/linear--standard+epochs=4/random`,
      `small/before-after-training/${SUITE}/linear--standard+epochs=4/random`,
    ]);
  });

  it.each([
    [{ profile: 'smal' }, 'profile "smal" is unknown; did you mean "small"?'],
    [{ methods: ['randon'] }, 'method "randon" is unknown; did you mean "random"?'],
    [{ datasets: ['fish'] }, 'dataset "fish" is unknown; known: '],
    [{ checks: ['robust-accuracy'], methods: ['mine'] }, 'the selection leaves no cell'],
    [{ engine: 'abacus' }, 'engine "abacus" is unknown'],
  ])('are refused for %o', async (request, message) => {
    await expect(planned(request)).rejects.toThrow(message);
  });
});

describe('a planned cell', () => {
  it('has as many trainings as its suite says, else as the profile does, and shares what both need', async () => {
    const plan = await planned({ profile: 'uneven' });
    expect(plan.cells.map(({ trainings, identity }) => [trainings.length, identity.trainings])).toEqual([
      [2, 2],
      [3, 3],
    ]);
    expect(plan.steps.filter(({ kind }) => kind === 'training')).toHaveLength(3);
  });

  it('names the revisions of what it rests on beside its own plugins', async () => {
    const [cell] = (await planned({ profile: 'uneven' })).cells;
    expect(cell?.identity.revisions).toEqual({
      'dataset mnist': expect.any(Number),
      'step dataset': STEP_REVISIONS.dataset,
      'step evaluation': STEP_REVISIONS.evaluation,
      'step training': STEP_REVISIONS.training,
    });
  });

  it('has an identity of resolved settings and its hash, without the name of the profile', async () => {
    const [cell] = (await planned({ methods: ['mine'], models: ['linear'], trainings: ['pgd-l2'] })).cells;
    expect(cell?.identity).toMatchObject({
      check: { id: 'null-block-leakage' },
      dataset: { id: 'blockmnist', parameters: { digits: [3, 8], source: 'mnist' } },
      training: { id: 'pgd-l2', parameters: { epochs: 5, eps: 2 } },
      method: { id: 'mine', revision: 1, parameters: {} },
      engine: { name: 'cpu' },
      seed: 7,
      trainings: 2,
    });
    expect(cell?.key).toBe(identityKey(cell?.identity as never));
    expect(JSON.stringify(cell?.identity)).not.toContain('small');
    expect(cell).toMatchObject({ role: 'method', trainings: [0, 1], skipped: null });
    expect(cell?.evaluations).toHaveLength(2);
  });

  it('of given weights has one training', async () => {
    const [cell] = (await planned({ checks: ['null-block-zeroing'] })).cells;
    expect(cell).toMatchObject({ trainings: [0], role: null, identity: { trainings: 1 } });
  });

  it('that cannot apply is known to be skipped, and has no steps', async () => {
    const plan = await planned({ checks: ['never'] });
    expect(plan.cells).toMatchObject([{ skipped: 'it applies to nothing', evaluations: [] }]);
    expect(plan.steps).toEqual([]);
  });
});

describe('a profile that cannot be meant', () => {
  it('sets parameters of no plugin', async () => {
    await expect(planned({ profile: 'misspelt' })).rejects.toThrow(
      '[attribench] profile "misspelt": parameters are set for "occulsion", which is no plugin; did you mean "occlusion"?',
    );
  });

  it('asks for one record twice', async () => {
    await expect(planned({ profile: 'doubled' })).rejects.toThrow(
      '[attribench] profile "doubled": doubled/robust-accuracy/blockmnist/linear--standard/model is asked for twice',
    );
  });
});
