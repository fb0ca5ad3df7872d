import { expect, test } from 'vitest';
import { meansByTraining, type NetworkFigures } from './figures.ts';

const network = (training: string, index: number, value: number): NetworkFigures => ({
  training,
  index,
  epochs: 10 * value,
  testAccuracy: value,
  robustAccuracy: value / 2,
  leakage: { occlusion: { mass: value / 4, top10: value / 8 } },
});

test('figures are averaged over the trainings of each id, in the order of the ids', () => {
  expect(meansByTraining([network('b', 0, 0.5), network('a', 0, 1), network('b', 1, 1)])).toEqual([
    {
      training: 'b',
      epochs: 7.5,
      testAccuracy: 0.75,
      robustAccuracy: 0.375,
      leakage: { occlusion: { mass: 0.1875, top10: 0.09375 } },
    },
    {
      training: 'a',
      epochs: 10,
      testAccuracy: 1,
      robustAccuracy: 0.5,
      leakage: { occlusion: { mass: 0.25, top10: 0.125 } },
    },
  ]);
});

test('a network without the maps of a method is an error', () => {
  expect(() => meansByTraining([network('a', 0, 1), { ...network('a', 1, 1), leakage: {} }])).toThrow(
    'a 1 has no maps of occlusion',
  );
});
