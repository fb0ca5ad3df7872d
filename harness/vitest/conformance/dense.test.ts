import { describe, expect, test } from 'vitest';
import { stream } from '../../random.ts';
import { at, combine, type DenseNetwork, evaluate, randomNetwork, rewrite } from './dense.ts';

const numbers = stream('test', 'dense');
const points = Array.from({ length: 20 }, () => Array.from(numbers.uniforms(5, -1, 2)));

function expectSame(f: (x: readonly number[]) => number[], g: (x: readonly number[]) => number[]): void {
  for (const x of points) {
    const expected = g(x);
    f(x).forEach((value, c) => {
      expect(value).toBeCloseTo(at(expected, c), 10);
    });
  }
}

test('evaluate puts a ReLU between layers and none after the last', () => {
  const layers: DenseNetwork = [
    {
      kernel: [
        [1, -1],
        [2, 0],
      ],
      bias: [0, 1],
    },
    { kernel: [[1], [-10]], bias: [-5] },
  ];
  expect(evaluate(layers, [3, 4])).toEqual([6]);
  expect(evaluate(layers, [-3, 1])).toEqual([-45]);
});

describe.each([[[]], [[4]], [[4, 3]], [[6, 5, 2]]])('hidden layers %j', (hidden) => {
  const network = () => randomNetwork(numbers, [5, ...hidden, 3]);

  test('combine adds functions', () => {
    const [f, g] = [network(), network()];
    expectSame(
      (x) => evaluate(combine(2, f, -0.5, g), x),
      (x) => evaluate(f, x).map((value, c) => 2 * value - 0.5 * at(evaluate(g, x), c)),
    );
  });

  test('rewrite keeps the function and changes the layers', () => {
    const f = network();
    const other = rewrite(f, numbers);
    expectSame(
      (x) => evaluate(other, x),
      (x) => evaluate(f, x),
    );
    if (hidden.length > 0) expect(other[0]?.bias).toHaveLength(4 * at(hidden, 0));
  });
});

test('few random networks are dead on images from 0 to 1', () => {
  const dead = Array.from({ length: 200 }, () => {
    const layers = randomNetwork(numbers, [16, 3, 3, 3]);
    const [x, y] = [0, 1].map(() => Array.from(numbers.uniforms(16)));
    return `${evaluate(layers, x ?? [])}` === `${evaluate(layers, y ?? [])}`;
  });
  expect(dead.filter(Boolean).length).toBeLessThan(40);
});
