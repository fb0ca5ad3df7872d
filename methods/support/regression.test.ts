import { stream } from 'attribench';
import { Matrix, solve } from 'ml-matrix';
import { expect, test } from 'vitest';
import { NormalEquations } from './regression.ts';
import { expectClose } from './trial.ts';

const numbers = stream('regression');
const K = 6;
const samples = Array.from({ length: 40 }, () => ({
  z: Uint8Array.from({ length: K }, () => numbers.integer(2)),
  y: numbers.normal(),
  w: 0.1 + numbers.uniform(),
}));
const column = (values: number[]) => Matrix.columnVector(values);

function equations(of = samples): NormalEquations {
  const equations = new NormalEquations(K);
  for (const { z, y, w } of of) equations.add(z, y, w);
  return equations;
}

test('ridge equals the solution with the intercept as one more, unpenalised column', () => {
  const design = new Matrix(samples.map(({ z }) => [1, ...z]));
  const weights = Matrix.diag(samples.map(({ w }) => w));
  const penalty = Matrix.diag([0, ...new Array<number>(K).fill(0.7)]);
  const left = design.transpose().mmul(weights).mmul(design).add(penalty);
  const right = design
    .transpose()
    .mmul(weights)
    .mmul(column(samples.map(({ y }) => y)));
  const [, ...slopes] = solve(left, right).to1DArray();
  expectClose(Array.from(equations().ridge(0.7)), slopes, 6);
});

test('with a given sum: equals the Lagrange system solved as a whole', () => {
  const design = new Matrix(samples.map(({ z }) => Array.from(z)));
  const weights = Matrix.diag(samples.map(({ w }) => w));
  const gram = design.transpose().mmul(weights).mmul(design);
  const moment = design
    .transpose()
    .mmul(weights)
    .mmul(column(samples.map(({ y }) => y)));
  const system = Matrix.zeros(K + 1, K + 1);
  system.setSubMatrix(gram, 0, 0);
  for (let k = 0; k < K; k++) {
    system.set(k, K, 1);
    system.set(K, k, 1);
  }
  const expected = solve(system, column([...moment.to1DArray(), 2.5]))
    .to1DArray()
    .slice(0, K);
  expectClose(Array.from(equations().withSum(2.5)), expected, 6);
});

test('too few samples: the sum is met, and features never told apart get the same', () => {
  const same = [Uint8Array.of(1, 1, 1, 0, 0, 0), Uint8Array.of(0, 0, 0, 1, 1, 1)];
  const few = equations(same.map((z, i) => ({ z, y: 3 * i, w: 1 })));
  const solution = Array.from(few.withSum(3));
  expectClose(solution, [0, 0, 0, 1, 1, 1], 5);
});

test('no samples at all: equal parts', () => {
  expectClose(Array.from(equations([]).withSum(3)), new Array<number>(K).fill(0.5), 6);
  expectClose(Array.from(new NormalEquations(1).withSum(-2)), [-2], 6);
});

test('recovers a linear function exactly', () => {
  const slopes = [1, -2, 3, 0, 0.5, 4];
  const exact = samples.map((sample) => ({
    ...sample,
    y: 7 + sample.z.reduce((sum, present, k) => sum + present * (slopes[k] ?? 0), 0),
  }));
  expectClose(Array.from(equations(exact).ridge(0)), slopes, 6);
  expect(equations(exact).ridge(0)).toHaveLength(K);
});
