import { stream } from 'attribench';
import { expect, test } from 'vitest';
import { classify, fitSoftmax } from './softmax-regression.ts';

function problem(n: number, features: number, classes: number) {
  const random = stream('softmax', n, features, classes);
  const labels = Int32Array.from({ length: n }, () => random.integer(classes));
  const values = Float64Array.from(random.normals(n * features));
  labels.forEach((label, row) => {
    if (label < features) values[row * features + label] = (values[row * features + label] ?? 0) + 1;
  });
  return { rows: { values, features }, labels };
}

test('ends where the gradient of the penalised loss is nought, which never rose', () => {
  const { rows, labels } = problem(120, 4, 3);
  const penalty = 0.01;
  const { weights, losses } = fitSoftmax(rows, labels, 3, { penalty, steps: 400 });
  losses.slice(1).forEach((loss, i) => {
    expect(loss).toBeLessThanOrEqual((losses[i] ?? 0) + 1e-12);
  });
  const loss = (w: Float64Array) => {
    let sum = (penalty / 2) * w.reduce((total, value) => total + value ** 2, 0);
    for (let row = 0; row < 120; row++) {
      const logits = [0, 1, 2].map((c) =>
        [0, 1, 2, 3, 4].reduce((s, i) => s + (i === 4 ? 1 : (rows.values[row * 4 + i] ?? 0)) * (w[i * 3 + c] ?? 0), 0),
      );
      sum -= Math.log(Math.exp(logits[labels[row] ?? 0] ?? 0) / logits.reduce((s, l) => s + Math.exp(l), 0)) / 120;
    }
    return sum;
  };
  expect(losses.at(-1)).toBeCloseTo(loss(weights), 8);
  for (let i = 0; i < weights.length; i++) {
    const moved = (by: number) => weights.map((value, at) => (at === i ? value + by : value));
    expect((loss(moved(1e-5)) - loss(moved(-1e-5))) / 2e-5).toBeCloseTo(0, 6);
  }
});

test('a few steps classify as many do', () => {
  const { rows, labels } = problem(1000, 20, 4);
  const agree = (steps: number) => classify(fitSoftmax(rows, labels, 4, { steps }), rows, 4);
  const [few, many] = [agree(12), agree(500)];
  expect(few.filter((label, i) => label !== many[i]).length).toBeLessThan(30);
});
