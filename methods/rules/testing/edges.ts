/**
 * Linear layers as lists of edges, and rules on them one edge at a time in float64: slow twins.
 */

/** Weights from inputs to outputs, one by one, and a bias an output. */
export interface Edges {
  readonly edges: readonly { readonly i: number; readonly j: number; readonly w: number }[];
  readonly bias: readonly number[];
}

/** A rule: the contribution of an edge, the bias that joins the sum, and what share of relevance they stand for. */
export interface SlowRule {
  readonly weight: number;
  z(x: number, w: number, sum: number): number;
  bias(b: number, sum: number): number;
}

export function denseEdges(kernel: readonly (readonly number[])[], bias: readonly number[]): Edges {
  return { edges: kernel.flatMap((row, i) => row.map((w, j) => ({ i, j, w }))), bias };
}

/** A convolution of kernel [size][size][from][to] on [height, width, from] with zeros around and stride 1. */
export function convolutionEdges(
  kernel: (row: number, column: number, from: number, to: number) => number,
  { height, width, size, from, to }: { height: number; width: number; size: number; from: number; to: number },
  bias: readonly number[],
): Edges {
  const edges: { i: number; j: number; w: number }[] = [];
  const margin = (size - 1) / 2;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let k = 0; k < to; k++) {
        for (let row = 0; row < size; row++) {
          for (let column = 0; column < size; column++) {
            for (let c = 0; c < from; c++) {
              const [v, u] = [y + row - margin, x + column - margin];
              if (v < 0 || u < 0 || v >= height || u >= width) continue;
              edges.push({ i: (v * width + u) * from + c, j: (y * width + x) * to + k, w: kernel(row, column, c, k) });
            }
          }
        }
      }
    }
  }
  return { edges, bias: Array.from({ length: height * width * to }, (_, j) => bias[j % to] ?? 0) };
}

export function outputs({ edges, bias }: Edges, x: readonly number[]): number[] {
  const y = [...bias];
  for (const { i, j, w } of edges) y[j] = (y[j] ?? 0) + (x[i] ?? 0) * w;
  return y;
}

/** R_i = sum over rules and edges of weight z_ij / (sum of z_ij over i, and bias) R_j. */
export function relevance(
  layer: Edges,
  x: readonly number[],
  R: readonly number[],
  rules: readonly SlowRule[],
  epsilon = 1e-6,
): number[] {
  const sums = outputs(layer, x);
  const result = x.map(() => 0);
  for (const { weight, z, bias } of rules) {
    const total = layer.bias.map((b, j) => bias(b, sums[j] ?? 0));
    for (const { i, j, w } of layer.edges) total[j] = (total[j] ?? 0) + z(x[i] ?? 0, w, sums[j] ?? 0);
    for (const { i, j, w } of layer.edges) {
      const below = total[j] ?? 0;
      const stabilised = below + (below >= 0 ? epsilon : -epsilon);
      result[i] = (result[i] ?? 0) + (weight * z(x[i] ?? 0, w, sums[j] ?? 0) * (R[j] ?? 0)) / stabilised;
    }
  }
  return result;
}

const pos = (value: number) => Math.max(0, value);
const neg = (value: number) => Math.min(0, value);

export const SLOW: { readonly [rule: string]: readonly SlowRule[] } = {
  epsilon: [{ weight: 1, z: (x, w) => x * w, bias: (b) => b }],
  alpha2beta1: [
    { weight: 2, z: (x, w) => pos(x * w), bias: pos },
    { weight: -1, z: (x, w) => neg(x * w), bias: neg },
  ],
  zPlus: [{ weight: 1, z: (x, w) => pos(x * w), bias: pos }],
  excitation: [{ weight: 1, z: (x, w) => pos(x * w), bias: () => 0 }],
  contrast: [
    { weight: 1, z: (x, w) => pos(x * w), bias: () => 0 },
    { weight: -1, z: (x, w) => pos(x * -w), bias: () => 0 },
  ],
  // Contributions that agree with the sum count a quarter more.
  gamma: [
    {
      weight: 1,
      z: (x, w, sum) => (sum === 0 ? 0 : x * w + 0.25 * (sum > 0 ? pos(x * w) : neg(x * w))),
      bias: (b, sum) => b + 0.25 * (sum > 0 ? pos(b) : neg(b)),
    },
  ],
  // Of an input from -1 to 1.
  box: [{ weight: 1, z: (x, w) => x * w + pos(w) - neg(w), bias: () => 0 }],
  wSquare: [{ weight: 1, z: (_, w) => w * w, bias: () => 0 }],
  flat: [{ weight: 1, z: () => 1, bias: () => 0 }],
};
