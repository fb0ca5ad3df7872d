import { expect, it } from 'vitest';
import type { Check, EvaluationOutput, Judgement, StepOutcome } from '../contracts.ts';
import { NotApplicable } from '../errors.ts';
import type { StepResult } from '../steps/scheduler.ts';
import type { Store } from '../steps/store.ts';
import { judgeCell, SpentTime } from './judge.ts';
import type { PlannedCell, RunPlan } from './plan.ts';

const JUDGEMENT: Judgement = { measures: [], verdict: 'pass', notes: ['a note'] };

/** A cell of evaluations by name; `judge` sees their outputs. */
function planned(names: readonly string[], judge: Check['judge'] = () => JUDGEMENT, more: object = {}): PlannedCell {
  return {
    cell: { check: { id: 'check' } },
    identity: { seed: 0 },
    key: 'key',
    role: 'method',
    check: { id: 'check', criterion: 'it holds', judge },
    evaluations: names.map((name) => ({ key: name, label: `evaluation of ${name}`, kind: 'evaluation', inputs: {} })),
    trainings: names.map((_, i) => i + 3),
    skipped: null,
    ...more,
  } as unknown as PlannedCell;
}

/** A store that holds how each step ended; the metadata of a completed one is its key. */
const storeOf = (outcomes: { readonly [key: string]: StepOutcome }) =>
  ({
    readHead: async ({ key }: { key: string }) =>
      outcomes[key] === undefined ? undefined : { outcome: outcomes[key], metadata: `value of ${key}`, seconds: 2 },
  }) as unknown as Store;

const completed: StepOutcome = { status: 'completed' };
const excluded: StepOutcome = { status: 'excluded', reason: 'training diverged' };
const skipped: StepOutcome = { status: 'skipped', reason: 'no masks' };
const settled = (results: { readonly [key: string]: StepResult } = {}) => new Map(Object.entries(results));
const base = { schema: 1, key: 'key', identity: { seed: 0 }, role: 'method' };

it('judges the outputs in the order of the trainings, and keeps the criterion', async () => {
  let seen: readonly EvaluationOutput[] = [];
  const cell = planned(['a', 'b'], (outputs) => {
    seen = outputs;
    return JUDGEMENT;
  });
  const record = await judgeCell(cell, settled(), storeOf({ b: completed, a: completed }));
  expect(record).toEqual({ ...base, status: 'completed', criterion: 'it holds', excluded: [], ...JUDGEMENT });
  expect(seen).toEqual([
    { status: 'completed', value: 'value of a' },
    { status: 'completed', value: 'value of b' },
  ]);
});

it('names an excluded training by its index, with the reason, and hands it on without a value', async () => {
  let seen: readonly EvaluationOutput[] = [];
  const cell = planned(['a', 'b'], (outputs) => {
    seen = outputs;
    return JUDGEMENT;
  });
  const record = await judgeCell(cell, settled(), storeOf({ a: completed, b: excluded }));
  expect(record).toMatchObject({ status: 'completed', excluded: [{ training: 4, reason: 'training diverged' }] });
  expect(seen[1]).toEqual(excluded);
});

it('is failed where an evaluation failed, naming the step at the root, even beside a skipped one', async () => {
  const failure: StepResult = { status: 'failed', step: 'training 4', error: 'out of memory', seconds: 0 };
  const record = await judgeCell(planned(['a', 'b']), settled({ b: failure }), storeOf({ a: skipped }));
  expect(record).toEqual({ ...base, status: 'failed', step: 'training 4', error: 'out of memory' });
});

it('is failed where an output is gone, and where judging throws', async () => {
  expect(await judgeCell(planned(['a']), settled(), storeOf({}))).toMatchObject({
    status: 'failed',
    step: 'evaluation of a',
    error: 'its output is not in the store',
  });
  const throwing = planned(['a'], () => {
    throw new Error('no measure');
  });
  expect(await judgeCell(throwing, settled(), storeOf({ a: completed }))).toMatchObject({
    status: 'failed',
    step: 'judging check',
    error: 'no measure',
  });
});

it('is skipped where an evaluation was, or where the plan knew, and nothing is judged', async () => {
  const judge = () => expect.fail('judged');
  const record = await judgeCell(planned(['a', 'b'], judge), settled(), storeOf({ a: completed, b: skipped }));
  expect(record).toEqual({ ...base, status: 'skipped', reason: 'no masks' });
  const before = planned([], judge, { skipped: new NotApplicable('no method').message });
  expect(await judgeCell(before, settled(), storeOf({}))).toEqual({ ...base, status: 'skipped', reason: 'no method' });
});

it('adds up seconds by kind over all that a cell rests on, each step once', async () => {
  const steps = [
    { key: 'data', kind: 'dataset', inputs: {} },
    { key: 'weights', kind: 'training', inputs: { data: { key: 'data' } } },
    { key: 'a', kind: 'evaluation', inputs: { data: { key: 'data' }, weights: { key: 'weights' } } },
    { key: 'other', kind: 'evaluation', inputs: {} },
  ];
  const cell = { evaluations: [steps[2]] } as unknown as PlannedCell;
  const spent = new SpentTime(
    { steps } as unknown as RunPlan,
    storeOf({ data: completed, weights: completed, a: completed }),
  );
  expect(await spent.of(cell)).toEqual({ dataset: 2, training: 2, evaluation: 2 });
});
