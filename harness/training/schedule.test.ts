import { expect, it } from 'vitest';
import { learningRateAt } from './schedule.ts';

const schedule = { learningRate: 0.1, warmupEpochs: 0, decayEvery: 20, decayFactor: 0.75 };

it('decays by the factor after every so many epochs', () => {
  const rates = [0, 19, 20, 39, 40].map((epoch) => learningRateAt(schedule, epoch, 0, 7));
  expect(rates).toEqual([0.1, 0.1, 0.1 * 0.75, 0.1 * 0.75, 0.1 * 0.75 ** 2]);
});

it('rises linearly over the steps of the warm-up and then stays', () => {
  const warm = { ...schedule, warmupEpochs: 2 };
  const rates = [0, 1, 2].flatMap((epoch) => [0, 1].map((step) => learningRateAt(warm, epoch, step, 2)));
  expect(rates.map((rate) => Number(rate.toFixed(6)))).toEqual([0.025, 0.05, 0.075, 0.1, 0.1, 0.1]);
});
