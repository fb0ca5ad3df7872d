/** The choice from timings, and that timings come of real descents and leave nothing behind. */
import { beforeAll, describe, expect, it } from 'vitest';
import { loadEngine } from '../engine/index.ts';
import type { DenseChain } from '../network/dense-chain.ts';
import * as tf from '../tfjs.js';
import { chooseStack, measureStacks, processorClock, wallClock } from './stack-rule.ts';

beforeAll(() => loadEngine('wasm'));

const timings = (milliseconds: { readonly [size: string]: readonly number[] }) => ({ milliseconds, bytes: 2 ** 28 });

describe('the choice', () => {
  const launches = timings({ 1: [8, 8, 9], 2: [4, 4, 4], 4: [2, 2, 2], 8: [1, 1, 1], 16: [1.1, 1.1, 1.1] });

  it('is the fastest size a network', () => {
    expect(chooseStack(launches, 100)).toEqual({
      size: 8,
      gain: 8,
      why: 'up to 8 at once: 1 ms a step and network in a stack of 8, 8 ms alone',
    });
  });

  it('is the fastest of what may be stacked', () => {
    expect(chooseStack(launches, 5)).toMatchObject({ size: 4, gain: 4 });
    expect(chooseStack(launches, 1)).toEqual({ size: 1, gain: 1, why: 'one by one, since a stack may hold 1 here' });
  });

  it('is one by one where stacks gain too little, or do so in one round', () => {
    const little = chooseStack(timings({ 1: [10, 10, 10], 2: [9, 9, 9], 4: [8, 8, 8] }), 16);
    expect(little).toEqual({
      size: 1,
      gain: 1,
      why: 'one by one, since stacks gain little: 8 ms a step and network in a stack of 4, 10 ms alone',
    });
    expect(chooseStack(timings({ 1: [10, 10, 10], 2: [5, 5, 9] }), 16).size).toBe(1);
    expect(chooseStack(timings({ 1: [10, 10, 10], 2: [5, 5, 8] }), 16)).toMatchObject({ size: 2, gain: 1.25 });
    expect(chooseStack(timings({ 1: [10, 10, 10], 2: [5, 5, 8], 4: [4, 4, 9] }), 16)).toMatchObject({ size: 2 });
  });

  it.each([2, 4, 8, 16])('asks of a stack of %d what a third of a step spent on operations gives', (size) => {
    const timed = (operations: number) => {
      const own = (networks: number) => [1 - operations + operations / networks];
      return chooseStack(timings({ 1: own(1), 2: size === 2 ? own(2) : [1], [size]: own(size) }), 16).size;
    };
    expect(timed(0.34)).toBe(size);
    expect(timed(0.33)).toBe(1);
  });

  it('is one by one where steps are long', () => {
    expect(chooseStack(timings({ 1: [93.3] }), 16)).toEqual({
      size: 1,
      gain: 1,
      why: 'one by one, since a step of 93 ms waits for its arithmetic',
    });
  });
});

it.each([
  ['the wall', wallClock],
  ['the processor', processorClock],
])('times one and two networks at least, in four rounds, and frees all, by the clock of %s', async (_, clock) => {
  const weight = (layer: string, short: string, shape: readonly number[]) => ({
    name: `${layer}/${short}`,
    shape,
    layer,
    type: 'Dense',
    short,
  });
  const chain: DenseChain = [
    { kernel: weight('a', 'kernel', [16, 4]), bias: weight('a', 'bias', [4]), relu: true },
    { kernel: weight('b', 'kernel', [4, 3]), bias: null, relu: false },
  ];
  const before = tf.memory().numTensors;
  const { milliseconds, bytes } = await measureStacks({ chain, inputShape: [4, 4, 1], batch: 8 }, clock);
  expect(Object.keys(milliseconds)).toEqual(expect.arrayContaining(['1', '2']));
  for (const values of Object.values(milliseconds)) {
    expect(values).toHaveLength(4);
    for (const value of values) expect(value).toBeGreaterThan(0);
  }
  expect(bytes).toBe(2 ** 28);
  expect(tf.memory().numTensors).toBe(before);
});
