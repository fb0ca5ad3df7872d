/** What holds of every check, whatever it measures. */
import { readdirSync } from 'node:fs';
import type { CellPlan, Check, EvaluationOutput, Step } from 'attribench';
import { describe, expect, test } from 'vitest';
import { judge } from './support/testing.ts';

const here = new URL('.', import.meta.url);
const files = readdirSync(here).filter((name) => /^[a-z-]+\.ts$/.test(name));

/** A plan whose steps are labels, and that keeps what an evaluation was asked with. */
function planFor(check: Check): CellPlan {
  const step = (label: string): Step => ({
    kind: 'evaluation',
    plugins: {},
    parameters: {},
    inputs: {},
    stream: [],
    engine: null,
    key: label,
    label,
    cost: 1,
  });
  const plugin = (id: string) => ({ id, revision: 1, parameters: { seed: 3 } });
  return {
    cell: {
      check: { id: check.id, revision: check.revision, parameters: check.parameters },
      dataset: plugin('data'),
      model: plugin('model'),
      training: plugin('training'),
      method: check.subject === 'method' ? plugin('method') : null,
    },
    role: check.subject === 'method' ? 'method' : null,
    trainings: [0, 1, 2],
    dataset: (choice) => step(`data ${JSON.stringify(choice ?? null)}`),
    weights: (t) => step(`weights ${t}`),
    maps: (t, options) => step(`maps ${t} ${options?.weights ?? 'final'}`),
    retrain: (t, { level, side }) => step(`retraining ${t} ${side} ${level}`),
    evaluate: (name, inputs, options) => {
      expect(Object.keys(check.evaluations)).toContain(name);
      const read = Object.entries(inputs).map(([input, { label }]) => `${input}=${label}`);
      return step(`${name}(${read.join(', ')}) ties ${options?.training ?? 'none'}`);
    },
  };
}

const checks = await Promise.all(
  files.map(async (file) => ({ file, check: (await import(new URL(file, here).href)).default as Check })),
);

describe.each(checks)('$file', ({ file, check }) => {
  test('is named after its file', () => expect(`${check.id}.ts`).toBe(file));

  test('plans one step a training, each over that training alone', () => {
    const labels = check.steps(planFor(check)).map(({ label }) => label);
    expect(labels).toHaveLength(3);
    labels.forEach((label, t) => {
      for (const [, of] of label.matchAll(/(?:weights|maps|retraining|ties) (\d)/g)) expect(of).toBe(String(t));
      if (check.subject === 'method') expect(label).toContain(`ties ${t}`);
    });
  });

  test('without a valid training is undecided, with all its measures in view', () => {
    const { measures, verdict } = judge(check, [null, null, null]);
    expect(verdict).toBe('undecided');
    expect(measures.filter(({ primary }) => primary).map(({ id }) => id)).toEqual([check.primary]);
    expect(new Set(measures.map(({ id }) => id)).size).toBe(measures.length);
    for (const { estimate, interval, replicates } of measures) {
      expect({ estimate, interval, values: replicates.map(({ value }) => value) }).toEqual({
        estimate: null,
        interval: null,
        values: [null, null, null],
      });
    }
  });

  test('a training to which it does not apply skips the cell', () => {
    const skipped: EvaluationOutput = { status: 'skipped', reason: 'for a reason' };
    expect(() => check.judge([skipped], planFor(check).cell)).toThrow('for a reason');
  });
});

test('the paired data set of top-to-bottom has the parameters of the cell', () => {
  const found = checks.find(({ check }) => check.id === 'top-to-bottom');
  if (found === undefined) throw new Error('no check top-to-bottom');
  const [first] = found.check.steps(planFor(found.check));
  expect(first?.label).toContain('bottom=data {"id":"blockmnist-bottom","parameters":{"seed":3}}');
});
