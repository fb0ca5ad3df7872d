import { expect, test } from 'vitest';
import type { CellRecord, Step, StepKind } from './contracts.ts';
import { progressOf } from './progress.ts';
import type { PlannedCell, RunPlan } from './runner.ts';

const step = (kind: StepKind, label: string) => ({ kind, label, key: label, inputs: {}, cost: 1 }) as never as Step;
const training = step('training', 'training mlp');
const maps = step('attribution', 'maps of random');
const evaluation = step('evaluation', 'leakage of random');
const planned = { path: 'quick/leakage/random', evaluations: [evaluation] } as unknown as PlannedCell;
const plan = { cells: [planned], steps: [training, maps, evaluation] } as unknown as RunPlan;

function told() {
  const lines: string[] = [];
  const statuses: string[] = [];
  const events = progressOf(plan, { line: (text) => lines.push(text), status: (text) => statuses.push(text) });
  return { lines, statuses, events };
}

test('a training and a cell that is new are one line each, maps are not', () => {
  const { lines, events } = told();
  for (const each of [training, maps, evaluation]) {
    events.step({ step: each, state: 'started' });
    events.step({ step: each, state: 'computed', seconds: 1.25 });
  }
  events.cell({ status: 'completed', verdict: 'pass' } as CellRecord, planned);
  expect(lines).toEqual(['training mlp: 1.3 s', '1 of 1: quick/leakage/random: pass']);
});

test('a cell that was stored says nothing', () => {
  const { lines, events } = told();
  for (const each of [training, maps, evaluation]) events.step({ step: each, state: 'stored', seconds: 1 });
  events.cell({ status: 'completed', verdict: 'pass' } as CellRecord, planned);
  expect(lines).toEqual([]);
});

test('failures and retries are always told', () => {
  const { lines, events } = told();
  events.step({ step: maps, state: 'retried', note: 'its worker died' });
  events.step({ step: maps, state: 'failed', error: 'no memory' });
  events.step({ step: evaluation, state: 'failed', error: 'no memory' });
  events.cell({ status: 'failed', step: maps.label, error: 'no memory' } as CellRecord, planned);
  expect(lines).toEqual([
    'again: maps of random: its worker died',
    'FAILED maps of random: no memory',
    '1 of 1: quick/leakage/random: FAILED in maps of random: no memory',
  ]);
});

test('of many steps a line now and then says how long the rest takes, by what each kind took so far', () => {
  const data = { ...step('dataset', 'data'), cost: 1, inputs: {} };
  const steps = Array.from({ length: 199 }, (_, i) => ({
    ...step('retraining', `retraining ${i}`),
    cost: 5,
    inputs: { data: { kind: 'dataset' as const, key: 'data' } },
  }));
  const evaluated = { path: 'quick/diffroar/random', evaluations: steps } as unknown as PlannedCell;
  const many = { cells: [evaluated], steps: [data, ...steps] } as unknown as RunPlan;
  const lines: string[] = [];
  const events = progressOf(many, { line: (text) => lines.push(text), status() {} }, 2);
  events.step({ step: data, state: 'stored' });
  for (const each of steps.slice(0, 20)) events.step({ step: each, state: 'computed', seconds: 10 });
  // Twice as long as planned: 190 and then 180 steps of 10 s on two workers.
  expect(lines).toEqual(['10 of 200 steps, about 16 min left', '20 of 200 steps, about 15 min left']);
});

test('the status names what runs and how far it is', () => {
  const { statuses, events } = told();
  events.step({ step: training, state: 'started' });
  events.step({ step: training, state: 'progress', share: 0.509, note: 'epoch 5' });
  expect(statuses.at(-1)).toBe('0 of 3 steps, training mlp 50 % (epoch 5)');
  events.step({ step: training, state: 'computed', seconds: 2 });
  expect(statuses.at(-1)).toBe('');
});
