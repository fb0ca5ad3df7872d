import type { TrainedNetwork } from 'attribench';
import { expect, test } from 'vitest';
import check from './robust-accuracy.ts';
import { blocks, content, evaluate, judge, measureOf } from './support/testing.ts';

const trained = (figures: TrainedNetwork['figures']): TrainedNetwork => ({
  initial: null,
  final: { entries: [], hash: '' },
  log: [],
  status: 'finished',
  figures,
});

const outputOf = (figures: TrainedNetwork['figures']) =>
  evaluate(check, {
    trainings: { weights: trained(figures) },
    datasets: { data: content(blocks(50, () => true)) },
  });

test('reads both accuracies of every training', async () => {
  const outputs = [0.95, 0.97, 0.96].map((robustAccuracy) => outputOf({ testAccuracy: 0.99, robustAccuracy }));
  const judgement = judge(check, await Promise.all(outputs));
  expect(measureOf(judgement, 'robust-accuracy')).toMatchObject({ primary: true, n: { models: 3, images: 50 } });
  expect(measureOf(judgement, 'robust-accuracy').estimate).toBeCloseTo(0.96, 12);
  expect(measureOf(judgement, 'accuracy').estimate).toBeCloseTo(0.99, 12);
  expect(judgement.verdict).toBe('pass');
});

test('a model that falls to every attack fails', async () => {
  const output = await outputOf({ testAccuracy: 1, robustAccuracy: 0 });
  expect(judge(check, [output, output, output]).verdict).toBe('fail');
});

test('a training that kept no such figure is an error that says what it kept', async () => {
  await expect(outputOf({ testAccuracy: 1, epochs: 3 })).rejects.toThrow('kept testAccuracy, epochs, expected');
});
