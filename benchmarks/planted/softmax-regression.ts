/**
 * A retrainer that costs milliseconds: softmax regression, fitted nearly to its optimum.
 *
 * Each step minimises Böhning's quadratic bound of the penalised loss (Annals of the Institute of Statistical
 * Mathematics 44, 1992): half the Gram matrix bounds the Hessian of every class, so that one factorisation
 * serves all steps and the loss never rises. Nothing is drawn at random.
 */

export interface Regression {
  /** [features + 1, classes] by rows; the last row is the bias. */
  readonly weights: Float64Array;
  /** Mean penalised loss before each step. */
  readonly losses: readonly number[];
}

/** Rows of features [n, features]. */
export interface Rows {
  readonly values: Float64Array;
  readonly features: number;
}

const STEPS = 12;

/** Fits class logits = x W + b by the mean cross-entropy + `penalty` / 2 |(W, b)|^2. */
export function fitSoftmax(
  { values, features }: Rows,
  labels: Int32Array,
  classes: number,
  { penalty = 1e-3, steps = STEPS }: { readonly penalty?: number; readonly steps?: number } = {},
): Regression {
  const [n, d] = [labels.length, features + 1];
  const x = withBias(values, n, features);
  const factor = cholesky(boundingHessian(x, n, d, penalty), d);
  const weights = new Float64Array(d * classes);
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const gradient = weights.map((weight) => penalty * weight);
    let loss = (penalty / 2) * weights.reduce((sum, weight) => sum + weight ** 2, 0);
    const logits = new Float64Array(classes);
    for (let row = 0; row < n; row++) {
      const seen = x.subarray(row * d, (row + 1) * d);
      score(seen, weights, logits);
      const label = labels[row] as number;
      const total = logSumExp(logits);
      loss += (total - (logits[label] as number)) / n;
      for (let c = 0; c < classes; c++) {
        const residual = (Math.exp((logits[c] as number) - total) - (c === label ? 1 : 0)) / n;
        for (let i = 0; i < d; i++) {
          gradient[i * classes + c] = (gradient[i * classes + c] as number) + residual * (seen[i] as number);
        }
      }
    }
    losses.push(loss);
    solve(factor, d, gradient, classes);
    for (let i = 0; i < weights.length; i++) weights[i] = (weights[i] as number) - (gradient[i] as number);
  }
  return { weights, losses };
}

/** [n] most likely class of each row; of equal ones the first. */
export function classify(fit: Regression, rows: Rows, classes: number): Int32Array {
  return Int32Array.from(logitsOf(fit, rows, classes), (logits) => logits.indexOf(Math.max(...logits)));
}

/** Mean cross-entropy of rows, nats. */
export function crossEntropy(fit: Regression, rows: Rows, labels: Int32Array, classes: number): number {
  let loss = 0;
  logitsOf(fit, rows, classes).forEach((logits, row) => {
    loss += logSumExp(logits) - (logits[labels[row] as number] as number);
  });
  return loss / labels.length;
}

function logitsOf({ weights }: Regression, { values, features }: Rows, classes: number): Float64Array[] {
  const n = values.length / features;
  const d = features + 1;
  const x = withBias(values, n, features);
  return Array.from({ length: n }, (_, row) => {
    const logits = new Float64Array(classes);
    score(x.subarray(row * d, (row + 1) * d), weights, logits);
    return logits;
  });
}

function withBias(values: Float64Array, n: number, features: number): Float64Array {
  const x = new Float64Array(n * (features + 1)).fill(1);
  for (let row = 0; row < n; row++) {
    x.set(values.subarray(row * features, (row + 1) * features), row * (features + 1));
  }
  return x;
}

function score(seen: Float64Array, weights: Float64Array, logits: Float64Array): void {
  const classes = logits.length;
  logits.fill(0);
  for (let i = 0; i < seen.length; i++) {
    const value = seen[i] as number;
    if (value === 0) continue;
    for (let c = 0; c < classes; c++) logits[c] = (logits[c] as number) + value * (weights[i * classes + c] as number);
  }
}

function logSumExp(values: Float64Array): number {
  const largest = Math.max(...values);
  return largest + Math.log(values.reduce((sum, value) => sum + Math.exp(value - largest), 0));
}

/** X^T X / 2n + penalty, lower triangle. */
function boundingHessian(x: Float64Array, n: number, d: number, penalty: number): Float64Array {
  const gram = new Float64Array(d * d);
  for (let row = 0; row < n; row++) {
    for (let i = 0; i < d; i++) {
      const value = (x[row * d + i] as number) / (2 * n);
      if (value === 0) continue;
      for (let j = 0; j <= i; j++) gram[i * d + j] = (gram[i * d + j] as number) + value * (x[row * d + j] as number);
    }
  }
  for (let i = 0; i < d; i++) gram[i * d + i] = (gram[i * d + i] as number) + penalty;
  return gram;
}

/** The lower factor, in place. */
function cholesky(matrix: Float64Array, d: number): Float64Array {
  for (let i = 0; i < d; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * d + j] as number;
      for (let k = 0; k < j; k++) sum -= (matrix[i * d + k] as number) * (matrix[j * d + k] as number);
      matrix[i * d + j] = i === j ? Math.sqrt(sum) : sum / (matrix[j * d + j] as number);
    }
  }
  return matrix;
}

/** Solves for [d, columns] right sides in place. */
function solve(factor: Float64Array, d: number, right: Float64Array, columns: number): void {
  for (let column = 0; column < columns; column++) {
    for (let i = 0; i < d; i++) {
      let sum = right[i * columns + column] as number;
      for (let k = 0; k < i; k++) sum -= (factor[i * d + k] as number) * (right[k * columns + column] as number);
      right[i * columns + column] = sum / (factor[i * d + i] as number);
    }
    for (let i = d - 1; i >= 0; i--) {
      let sum = right[i * columns + column] as number;
      for (let k = i + 1; k < d; k++) sum -= (factor[k * d + i] as number) * (right[k * columns + column] as number);
      right[i * columns + column] = sum / (factor[i * d + i] as number);
    }
  }
}
