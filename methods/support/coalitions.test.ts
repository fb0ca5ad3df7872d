import { stream } from 'attribench';
import { expect, test } from 'vitest';
import { drawnCoalitions, everyCoalition } from './coalitions.ts';

const listed = ({ size, coalition }: ReturnType<typeof everyCoalition>) =>
  Array.from({ length: size }, (_, index) => coalition(index));

test.each([1, 2, 61, 400])('%i draws: each coalition once, with the number of times it was drawn', (draws) => {
  const count = 9;
  const numbers = stream('coalitions', draws);
  const expected: { [coalition: string]: number } = {};
  for (let drawn = 0; drawn < draws; drawn++) {
    if (drawn % 2 === 1) continue;
    let point =
      numbers.uniform() * Array.from({ length: 8 }, (_, k) => 1 / ((k + 1) * (8 - k))).reduce((a, b) => a + b);
    let members = 1;
    for (; point >= 1 / (members * (count - members)); members++) point -= 1 / (members * (count - members));
    const chosen = new Set(numbers.permutation(count).subarray(0, members));
    const one = Array.from({ length: count }, (_, k) => (chosen.has(k) ? '1' : '0')).join('');
    const other = Array.from(one, (present) => (present === '1' ? '0' : '1')).join('');
    expected[one] = (expected[one] ?? 0) + 1;
    if (drawn + 1 < draws) expected[other] = (expected[other] ?? 0) + 1;
  }
  const found = listed(drawnCoalitions(count, draws, stream('coalitions', draws)));
  expect(Object.fromEntries(found.map(({ coalition, weight }) => [coalition.join(''), weight]))).toEqual(expected);
  expect(found).toHaveLength(Object.keys(expected).length);
});

test('sizes are drawn in proportion to 1 / (size (K - size)), and members evenly', () => {
  const [count, draws] = [5, 20_000];
  const ofSize = [0, 0, 0, 0, 0, 0];
  const ofMember = [0, 0, 0, 0, 0];
  for (const { coalition, weight } of listed(drawnCoalitions(count, draws, stream('coalitions', 'sizes')))) {
    const members = coalition.reduce((sum, present) => sum + present, 0);
    ofSize[members] = (ofSize[members] as number) + weight;
    coalition.forEach((present, k) => {
      ofMember[k] = (ofMember[k] as number) + present * weight;
    });
  }
  // 1/4, 1/6, 1/6, 1/4 over their sum, 5/6; pairs are drawn, so half as many are independent.
  for (const [size, share] of [0, 0.3, 0.2, 0.2, 0.3, 0].entries()) {
    const error = Math.sqrt((share * (1 - share)) / (draws / 2));
    expect(Math.abs((ofSize[size] as number) / draws - share)).toBeLessThanOrEqual(4 * error);
  }
  // Each pair has each member in exactly one of its two.
  expect(ofMember).toEqual(new Array(count).fill(draws / 2));
});

test('every coalition but none and all, of weights that sum to those of their sizes', () => {
  const count = 6;
  const found = listed(everyCoalition(count));
  expect(new Set(found.map(({ coalition }) => coalition.join(''))).size).toBe(2 ** count - 2);
  for (let size = 1; size < count; size++) {
    const weights = found.filter(({ coalition }) => coalition.join('').replaceAll('0', '').length === size);
    const total = weights.reduce((sum, { weight }) => sum + weight, 0);
    expect(total).toBeCloseTo((count - 1) / (size * (count - size)), 12);
  }
});
