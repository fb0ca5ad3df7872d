/** A stacked retraining as a step: what it keeps of each network, which of them is left out, and what readers see. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cell, RetrainingChoice, Step } from '../contracts.ts';
import { loadEngine } from '../engine/index.ts';
import { decodeSafetensors } from '../formats/safetensors.ts';
import { Registry } from '../plugins.ts';
import { workOf } from '../run/work.ts';
import { StepBook } from './cell-plan.ts';
import { predictionsPart, type StackedMetadata, StepInputs } from './kinds/inputs.ts';
import { runStep } from './run-step.ts';
import { stackGroups, stackSteps } from './stacks.ts';
import { type Artifact, Store } from './store.ts';

const PLUGINS = `
  import { defineCheck, defineDataset, defineMethod, NotApplicable, stream } from 'attribench';
  const described = { title: 'Mine', cite: 'none', revision: 1 };
  // Class 1 is the brighter lower half. The first pixel of 'burst' is too large to learn from.
  const data = (id, first) => defineDataset({ id, ...described, load() {
    const split = (name, n) => {
      const images = stream('test', name).uniforms(n * 16, 0.1, 0.3);
      for (let i = 0; i < n; i++) images.fill(0.9, i * 16 + 8 * (i % 2), i * 16 + 8 * (i % 2) + 8);
      if (first !== null) for (let i = 0; i < n; i++) images[i * 16] = first;
      return { images, labels: Int32Array.from({ length: n }, (_, i) => i % 2) };
    };
    const splits = { train: split('train', 70), validation: split('validation', 10), test: split('test', 40) };
    return { shape: [4, 4, 1], classes: ['a', 'b'], bounds: { low: 0, high: first ?? 1 }, splits };
  } });
  export const calm = data('calm', null);
  export const burst = data('burst', 1e30);
  const method = (id, attribute) => defineMethod({ id, ...described, needs: ['logits'], rank: 'value', attribute });
  export const itself = method('itself', ({ images }) => images.clone());
  export const refusing = method('refusing', () => { throw new NotApplicable('not on a Monday'); });
  export const counting = defineCheck({
    id: 'counting', ...described, subject: 'method', criterion: 'None.', primary: 'x', steps: () => [], judge() { throw new Error(); },
    evaluations: { ones: async (inputs) => [...await inputs.predictions('one')].reduce((sum, value) => sum + value, 0) },
  });
`;

const CHOICES: readonly RetrainingChoice[] = [
  { retraining: 0, level: 0.3, side: 'top' },
  { retraining: 0, level: 0.3, side: 'bottom' },
  { retraining: 1, level: 0.6, side: 'bottom' },
];

let folder: string;
let store: Store;
let book: StepBook;
beforeAll(async () => {
  const { name, version } = await loadEngine('wasm');
  folder = mkdtempSync(join(tmpdir(), 'attribench-stacked-'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'attribench.config.ts'), "export default { plugins: ['./plugins.ts'] };");
  writeFileSync(join(folder, 'plugins.ts'), PLUGINS);
  store = await Store.open(join(folder, 'store'));
  book = new StepBook({
    registry: await Registry.load({ from: folder }),
    engine: { name, version },
    seed: 0,
    trainings: 1,
    overrides: { standard: { epochs: 3, learningRate: 0.05 } },
  });
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

const context = () => ({ store, signal: new AbortController().signal, progress() {}, log() {} });

/** A plan's retrainings, an evaluation of each, and both with the retrainings stacked. */
function planned(method: string, dataset: string) {
  const cell: Cell = {
    check: book.resolve('check', { id: 'counting' }),
    dataset: book.resolve('dataset', { id: dataset }),
    model: book.resolve('model', { id: 'mlp-256' }),
    training: book.resolve('training', { id: 'standard' }),
    method: book.resolve('method', { id: method }),
  };
  const plan = book.plan(cell);
  const settings = { epochs: 3, batchSize: 16 };
  const alone = CHOICES.map((choice) => plan.retrain(0, { ...choice, settings }));
  const evaluations = alone.map((one) => plan.evaluate('ones', { one }));
  const own = [...alone, ...evaluations];
  const { steps, now } = stackSteps(own, new Map(stackGroups(own).map((group) => [group, { size: 3, gain: 1 }])));
  const stack = steps.find(({ kind }) => kind === 'stacked-retraining') as Step;
  return { alone, evaluations, stack, stacked: evaluations.map(now), weights: plan.weights(0) };
}

/** The artifact of a step, with those that it rests on in the store. */
async function artifactOf(step: Step, known: readonly Step[] = []): Promise<Artifact> {
  for (const { key } of Object.values(step.inputs)) {
    const input = known.find((one) => one.key === key) ?? book.step(key);
    if (input !== undefined && !(await store.has(input))) {
      await store.write(input, await artifactOf(input, known), { seconds: 6 });
    }
  }
  return runStep(step, context());
}

function classesIn({ parts }: Artifact, place?: number): readonly number[] {
  return [...(decodeSafetensors(parts[predictionsPart(place)] ?? new Uint8Array()).entries[0]?.data ?? [])];
}

const membersOf = ({ metadata }: Artifact) => (metadata as unknown as StackedMetadata).members;

describe('a stacked retraining', () => {
  it('keeps of each network what its retraining alone keeps', async () => {
    const { alone, stack } = planned('itself', 'calm');
    const stacked = await artifactOf(stack);
    expect(stacked.outcome).toEqual({ status: 'completed' });
    for (const [place, step] of alone.entries()) {
      const single = await artifactOf(step);
      expect(classesIn(stacked, place)).toEqual(classesIn(single));
      const { outcome, metadata } = membersOf(stacked)[place] ?? {};
      expect(outcome).toEqual(single.outcome);
      const rounded = (facts: unknown) =>
        JSON.parse(JSON.stringify(facts), (_, value) => (typeof value === 'number' ? Number(value.toFixed(5)) : value));
      expect(rounded(metadata)).toEqual(rounded(single.metadata));
    }
    expect(new Set(alone.map((_, place) => String(classesIn(stacked, place)))).size).toBeGreaterThan(1);
  });

  it('is read by step and place', async () => {
    const { evaluations, stack, stacked } = planned('itself', 'calm');
    for (const [place, evaluation] of stacked.entries()) {
      const expected = await artifactOf(evaluations[place] as Step);
      expect((await artifactOf(evaluation, [stack])).metadata).toBe(expected.metadata);
    }
    const inputs = new StepInputs(stacked[1] as Step, context());
    expect(await inputs.head('one')).toMatchObject({ seconds: 2, metadata: { status: 'finished' } });
    const nowhere = {
      ...(stacked[0] as Step),
      inputs: { one: { kind: 'stacked-retraining', key: stack.key, place: 3 } },
    } as const;
    await expect(new StepInputs(nowhere, context()).head('one')).rejects.toThrow('a stack of 3 has no network 3');
  });

  it('excludes what rests on a network that diverged, for the reason of one alone, and nothing else', async () => {
    const { alone, stack, stacked, weights } = planned('itself', 'burst');
    // Nothing learns of these images: the maps are those of a network that saw others.
    await store.write(weights, await artifactOf(planned('itself', 'calm').weights), { seconds: 0 });
    const artifact = await artifactOf(stack);
    const [kept, removed] = [await artifactOf(alone[0] as Step), await artifactOf(alone[1] as Step)];
    expect(kept.outcome).toEqual({ status: 'excluded', reason: 'a retraining diverged after 0 epochs' });
    expect(membersOf(artifact).map(({ outcome }) => outcome)).toEqual([
      kept.outcome,
      removed.outcome,
      { status: 'completed' },
    ]);
    expect(Object.keys(artifact.parts)).toEqual([predictionsPart(1), predictionsPart(2)]);
    expect(classesIn(artifact, 1)).toEqual(classesIn(removed));
    const outcomes = [];
    for (const evaluation of stacked) outcomes.push((await artifactOf(evaluation, [stack])).outcome.status);
    expect(outcomes).toEqual(['excluded', 'completed', 'completed']);
  });

  it('of a method that cannot be applied is skipped, with all that reads it', async () => {
    const { stack, stacked } = planned('refusing', 'calm');
    const skipped = { status: 'skipped', reason: 'not on a Monday' };
    expect((await artifactOf(stack)).outcome).toEqual(skipped);
    expect((await artifactOf(stacked[2] as Step, [stack])).outcome).toEqual(skipped);
  });

  it('is the work of its networks', async () => {
    const { alone, stack } = planned('itself', 'calm');
    await artifactOf(stack);
    const work = await workOf([...alone, stack], store);
    const [first, second, third, all] = [...alone, stack].map(({ key }) => work.get(key));
    expect(all?.flop).toBe((first?.flop ?? 0) + (second?.flop ?? 0) + (third?.flop ?? 0));
    expect(all?.bytes).toBe(3 * 40 * 4);
    expect(first?.flop).toBeGreaterThan(0);
  });
});
