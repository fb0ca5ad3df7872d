import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../../harness/fingerprint.ts';
import type { StudyRequest } from '../../harness/study.ts';
import { CONDITIONS, PAPER_SCALE } from '../finite-width/measures.ts';
import optimality from './optimality.ts';
import theorem1 from './theorem-1.ts';
import { findingsOf, type Point } from './width-sweep.ts';

const request: StudyRequest = {
  quick: true,
  engine: () => Promise.reject(new Error('these studies train nothing')),
  workers: undefined,
  signal: new AbortController().signal,
  progress: () => {},
};

describe.each([theorem1, optimality])('$id', (study) => {
  test('fails nowhere, and repeats itself to the byte', async () => {
    const [first, again] = [await study.run(request), await study.run(request)];
    expect(first.findings.filter(({ status }) => !['proved', 'evidence', 'shown'].includes(status))).toEqual([]);
    expect(canonicalJson(again.record)).toBe(canonicalJson(first.record));
    expect(again.figures).toEqual(first.figures);
  });
});

/** The settings in a committed record, condition by condition. */
function recordedSettings(study: string): object[] {
  const text = readFileSync(new URL(`../../results/theory/${study}.json`, import.meta.url), 'utf8');
  const found: object[] = [];
  JSON.parse(text, (name, value) => {
    if (name === 'settings') found.push(value);
    return value;
  });
  return found;
}

test.each([
  ['finite-width', CONDITIONS],
  ['paper-scale', PAPER_SCALE],
] as const)('the committed record of %s was made with the settings that stand in the code', (study, conditions) => {
  expect(recordedSettings(study)).toEqual(conditions.map(({ settings }) => settings));
});

test("the paper's scale is its width, standard and within its radii", () => {
  expect(PAPER_SCALE.map(({ settings: { width, eps, blocks } }) => [blocks, width, eps])).toEqual([
    [10, 10_000, 0],
    [10, 10_000, 0.35],
    [10, 10_000, 0.45],
  ]);
});

test('the width sweep compares training by training, widths and lengths apart', () => {
  const point = (width: number, steps: number, distances: readonly number[]): Point[] =>
    (['torch-linear', 'small'] as const).map((start) => ({
      start,
      width,
      steps,
      figures: distances.map((distance) => ({ distance }) as Point['figures'][number]),
    }));
  const points = [
    ...point(10, 5, [0.9, 1, 1.1]),
    ...point(1000, 5, [0.3, 0.4, 0.5]),
    ...point(10, 50, [0.1, 0.2, 0.9]),
    ...point(1000, 50, [0.6, 0.7, 0.8]),
  ];
  const told = findingsOf(points, { widths: [10, 1000], steps: [5, 50] });
  expect(told.map(({ status }) => status)).toEqual([
    ...['pass', 'undecided', 'undecided', 'fail'],
    ...['pass', 'undecided', 'undecided', 'fail'],
  ]);
  expect(told[0]).toMatchObject({ outcome: '1.00 to 0.400, n = 3' });
});
