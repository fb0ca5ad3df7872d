import { expect, test } from 'vitest';
import { quadrature } from './quadrature.ts';
import { expectClose } from './trial.ts';

const apply = (rule: string, count: number, f: (x: number) => number) => {
  const { nodes, weights } = quadrature(rule, count);
  return nodes.reduce((sum, x, i) => sum + f(x) * (weights[i] ?? Number.NaN), 0);
};

test('Gauss-Legendre with 1, 2 and 3 points has the textbook nodes and weights', () => {
  const expected = [
    { nodes: [0.5], weights: [1] },
    { nodes: [0.5 - Math.sqrt(1 / 12), 0.5 + Math.sqrt(1 / 12)], weights: [0.5, 0.5] },
    { nodes: [0.5 - Math.sqrt(3 / 20), 0.5, 0.5 + Math.sqrt(3 / 20)], weights: [5 / 18, 8 / 18, 5 / 18] },
  ];
  for (const [i, { nodes, weights }] of expected.entries()) {
    expect(quadrature('gauss-legendre', i + 1)).toEqual({
      nodes: Float32Array.from(nodes),
      weights: Float32Array.from(weights),
    });
  }
});

test('Gauss-Legendre with n points is exact for x^(2n - 1), and not for x^(2n)', () => {
  for (const n of [1, 2, 3, 5, 8]) {
    expect(apply('gauss-legendre', n, (x) => x ** (2 * n - 1))).toBeCloseTo(1 / (2 * n), 6);
  }
  expect(apply('gauss-legendre', 2, (x) => x ** 4)).not.toBeCloseTo(1 / 5, 3);
});

test('midpoints are exact for lines and err by 1 / 12 n^2 for x^2', () => {
  expect(apply('midpoint', 4, (x) => 3 * x + 1)).toBeCloseTo(2.5, 6);
  expect(apply('midpoint', 4, (x) => x ** 2)).toBeCloseTo(1 / 3 - 1 / (12 * 16), 6);
});

test('left, right and trapezoid have their textbook nodes and weights', () => {
  expect(quadrature('left', 4)).toEqual({
    nodes: Float32Array.of(0, 0.25, 0.5, 0.75),
    weights: Float32Array.of(0.25, 0.25, 0.25, 0.25),
  });
  expect(quadrature('right', 2)).toEqual({ nodes: Float32Array.of(0.5, 1), weights: Float32Array.of(0.5, 0.5) });
  expect(quadrature('trapezoid', 3)).toEqual({
    nodes: Float32Array.of(0, 0.5, 1),
    weights: Float32Array.of(0.25, 0.5, 0.25),
  });
});

test('left and right err by 1 / 2 n for lines, the trapezoid by 1 / 6 (n - 1)^2 for x^2', () => {
  expect(apply('left', 5, (x) => x)).toBeCloseTo(0.5 - 1 / 10, 6);
  expect(apply('right', 5, (x) => x)).toBeCloseTo(0.5 + 1 / 10, 6);
  expect(apply('trapezoid', 5, (x) => 3 * x + 1)).toBeCloseTo(2.5, 6);
  expect(apply('trapezoid', 5, (x) => x ** 2)).toBeCloseTo(1 / 3 + 1 / (6 * 16), 6);
});

test('a trapezoid of one node is refused', () => {
  expect(() => quadrature('trapezoid', 1)).toThrow('"trapezoid" has 1 node, expected at least 2');
});

test.each(['gauss-legendre', 'midpoint'])(
  '%s: nodes rise inside (0, 1), mirror each other, weights sum to 1',
  (rule) => {
    for (const count of [1, 7, 50, 300]) {
      const { nodes, weights } = quadrature(rule, count);
      expect(Array.from(nodes)).toEqual(Array.from(nodes).toSorted((a, b) => a - b));
      expectClose(
        Array.from(nodes.toReversed()),
        Array.from(nodes, (node) => 1 - node),
        6,
      );
      expect(Math.min(...nodes)).toBeGreaterThan(0);
      expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 5);
    }
  },
);
