/**
 * Least squares over coalitions, in float64 and without keeping them: what KernelSHAP and LIME share.
 *
 * The normal equations of K features take K^2 numbers, however many samples are added.
 */

/** A ridge relative to the matrix's diagonal: where the samples leave a solution open, the smallest is taken. */
const RIDGE = 1e-9;

/** Weighted sums over pairs of a coalition z in {0, 1}^K and a value y. */
export class NormalEquations {
  readonly #features: number;
  /** sum w z z^T, row by row; the lower triangle is filled. */
  readonly #matrix: Float64Array;
  /** sum w z y */
  readonly #right: Float64Array;
  #weight = 0;
  #value = 0;

  constructor(features: number) {
    this.#features = features;
    this.#matrix = new Float64Array(features * features);
    this.#right = new Float64Array(features);
  }

  add(coalition: Uint8Array, value: number, weight = 1): void {
    const members: number[] = [];
    coalition.forEach((present, k) => {
      if (present === 1) members.push(k);
    });
    for (const row of members) {
      for (const column of members) {
        if (column > row) break;
        increase(this.#matrix, row * this.#features + column, weight);
      }
      increase(this.#right, row, weight * value);
    }
    this.#weight += weight;
    this.#value += weight * value;
  }

  /** argmin over b, with a free intercept a, of sum w (y - a - b z)^2 + ridge |b|^2. */
  ridge(ridge: number): Float64Array {
    const K = this.#features;
    // z and y from their weighted means, which takes the intercept out.
    const mean = Float64Array.from({ length: K }, (_, k) => entry(this.#matrix, k * K + k) / this.#weight);
    const centred = this.#matrix.map((sum, at) => {
      const [row, column] = [Math.floor(at / K), at % K];
      return sum - this.#weight * entry(mean, row) * entry(mean, column) + (row === column ? ridge : 0);
    });
    const right = this.#right.map((sum, k) => sum - entry(mean, k) * this.#value);
    return solver(centred, K)(right);
  }

  /** argmin over b with sum(b) = total of sum w (y - b z)^2, by a Lagrange multiplier. */
  withSum(total: number): Float64Array {
    const solve = solver(this.#matrix, this.#features);
    const free = solve(this.#right);
    const ones = solve(new Float64Array(this.#features).fill(1));
    const excess = (sum(free) - total) / sum(ones);
    return free.map((value, k) => value - excess * entry(ones, k));
  }
}

/** Solves A x = b for a positive semidefinite A given by its lower triangle: Cholesky of A with a tiny ridge. */
function solver(matrix: Float64Array, size: number): (right: Float64Array) => Float64Array {
  const L = matrix.slice();
  let largest = 0;
  for (let k = 0; k < size; k++) largest = Math.max(largest, entry(L, k * size + k));
  for (let k = 0; k < size; k++) increase(L, k * size + k, RIDGE * (largest || 1));
  const dot = (row: number, other: number, length: number) => {
    let product = 0;
    for (let k = 0; k < length; k++) product += entry(L, row * size + k) * entry(L, other * size + k);
    return product;
  };
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < row; column++) {
      const left = entry(L, row * size + column) - dot(row, column, column);
      L[row * size + column] = left / entry(L, column * size + column);
    }
    L[row * size + row] = Math.sqrt(entry(L, row * size + row) - dot(row, row, row));
  }
  return (right) => {
    const x = right.slice();
    for (let row = 0; row < size; row++) {
      for (let k = 0; k < row; k++) increase(x, row, -entry(L, row * size + k) * entry(x, k));
      x[row] = entry(x, row) / entry(L, row * size + row);
    }
    for (let row = size - 1; row >= 0; row--) {
      for (let k = row + 1; k < size; k++) increase(x, row, -entry(L, k * size + row) * entry(x, k));
      x[row] = entry(x, row) / entry(L, row * size + row);
    }
    return x;
  };
}

const entry = (values: Float64Array, at: number): number => values[at] as number;
const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0);

function increase(values: Float64Array, at: number, by: number): void {
  values[at] = (values[at] as number) + by;
}
