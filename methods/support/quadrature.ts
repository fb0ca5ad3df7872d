/**
 * Quadrature on [0, 1]: sum of weights[i] * f(nodes[i]) approximates the integral of f.
 *
 * Gauss-Legendre with n nodes is exact for polynomials of degree 2n - 1 and clusters its nodes at the
 * ends; the Riemann sums ('left', 'right', 'midpoint') have n equal cells and the trapezoid n - 1. For
 * a path of piecewise constant gradients (ReLU networks) all err in proportion to 1/n at each kink.
 */
import { UsageError } from 'attribench';

export interface Quadrature {
  readonly nodes: Float32Array;
  readonly weights: Float32Array;
}

const RULES: { readonly [rule: string]: (count: number) => Quadrature } = {
  'gauss-legendre': gaussLegendre,
  left: (count) => riemann(count, 0),
  midpoint: (count) => riemann(count, 0.5),
  right: (count) => riemann(count, 1),
  trapezoid,
};

/** The rule 'gauss-legendre', 'left', 'midpoint', 'right' or 'trapezoid' with `count` nodes; UsageError for another. */
export function quadrature(rule: string, count: number): Quadrature {
  const make = RULES[rule];
  if (make === undefined) {
    throw new UsageError(
      `[attribench] quadrature rule is ${JSON.stringify(rule)}, expected one of: ${Object.keys(RULES).join(', ')}`,
    );
  }
  return make(count);
}

/** One node a cell, `place` of the cell's width behind its start. */
function riemann(count: number, place: number): Quadrature {
  return {
    nodes: Float32Array.from({ length: count }, (_, i) => (i + place) / count),
    weights: new Float32Array(count).fill(1 / count),
  };
}

/** Both ends and equal cells between. Weights sum to 1: captum's, for the same nodes, to (n - 1) / n. */
function trapezoid(count: number): Quadrature {
  if (count < 2) throw new UsageError('[attribench] quadrature rule "trapezoid" has 1 node, expected at least 2');
  const cells = count - 1;
  return {
    nodes: Float32Array.from({ length: count }, (_, i) => i / cells),
    weights: Float32Array.from({ length: count }, (_, i) => (i === 0 || i === cells ? 0.5 : 1) / cells),
  };
}

/**
 * Gauss-Legendre nodes: the roots of the Legendre polynomial P_n, moved from [-1, 1] to [0, 1].
 *
 * Newton's method from Tricomi's estimate cos(pi (i + 3/4) / (n + 1/2)); weights 2 / ((1 - x^2) P_n'(x)^2),
 * halved by the move (Abramowitz and Stegun, 25.4.29 and 25.4.30). Computed in float64.
 */
function gaussLegendre(count: number): Quadrature {
  const nodes = new Float32Array(count);
  const weights = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    let x = -Math.cos((Math.PI * (i + 0.75)) / (count + 0.5));
    let slope = 1;
    for (let step = 0; step < 100; step++) {
      const [value, derivative] = legendre(count, x);
      slope = derivative;
      const move = value / derivative;
      x -= move;
      if (Math.abs(move) < 1e-15) break;
    }
    nodes[i] = (x + 1) / 2;
    weights[i] = 1 / ((1 - x * x) * slope * slope);
  }
  return { nodes, weights };
}

/** P_n(x) and its derivative, by Bonnet's recursion, |x| < 1. */
function legendre(n: number, x: number): [value: number, derivative: number] {
  let [previous, current] = [1, x];
  for (let k = 2; k <= n; k++) {
    [previous, current] = [current, ((2 * k - 1) * x * current - (k - 1) * previous) / k];
  }
  return [current, (n * (x * current - previous)) / (x * x - 1)];
}
