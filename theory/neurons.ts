/**
 * One-hidden-layer ReLU networks as measures over neurons: value, gradients, block norms.
 *
 * f(nu, x) = E_nu[ w phi(<r, x> + b) ] with phi = ReLU (Shah, Jain, Netrapalli, NeurIPS 2021, section 6).
 * A measure with finitely many atoms is a list of neurons with masses; a trained network of finite width
 * is one with every mass 1. Slow and plain in float64: the reference for everything faster.
 */

export interface Neurons {
  /** Length of an input: d * d~. */
  readonly inputs: number;
  /** [m], the probability of each neuron, or 1. */
  readonly mass: Float64Array;
  /** [m], second-layer weights. */
  readonly w: Float64Array;
  /** [m, inputs], first-layer weights. */
  readonly r: Float64Array;
  /** [m], biases. */
  readonly b: Float64Array;
}

/**
 * phi'(z) is 1 above this pre-activation and 0 up to it, so phi'(0) = 0.
 *
 * At eta = 0 every point of the support puts the inactive unit of Theorem 1's network exactly on the kink;
 * rounding must not switch it on, which would double the gradient.
 */
export const KINK_TOLERANCE = 1e-6;

/** <r_i, x> + b_i of neuron i. */
export function preActivation({ inputs, r, b }: Neurons, i: number, x: ArrayLike<number>): number {
  let sum = b[i] ?? 0;
  for (let k = 0; k < inputs; k++) sum += (r[i * inputs + k] ?? 0) * (x[k] ?? 0);
  return sum;
}

/** f(nu, x) of one input [inputs]. */
export function valueAt(neurons: Neurons, x: ArrayLike<number>): number {
  let value = 0;
  for (let i = 0; i < neurons.w.length; i++) {
    const z = preActivation(neurons, i, x);
    if (z > 0) value += (neurons.mass[i] ?? 0) * (neurons.w[i] ?? 0) * z;
  }
  return value;
}

/** grad_x f(nu, x) = E_nu[ w phi'(<r, x> + b) r ], [inputs]. */
export function logitGradient(neurons: Neurons, x: ArrayLike<number>): Float64Array {
  const gradient = new Float64Array(neurons.inputs);
  for (let i = 0; i < neurons.w.length; i++) {
    if (preActivation(neurons, i, x) <= KINK_TOLERANCE) continue;
    const factor = (neurons.mass[i] ?? 0) * (neurons.w[i] ?? 0);
    for (let k = 0; k < gradient.length; k++) {
      gradient[k] = (gradient[k] ?? 0) + factor * (neurons.r[i * gradient.length + k] ?? 0);
    }
  }
  return gradient;
}

/** grad_x L(nu, (x, y)) = -y sigma(-y f) grad_x f of the loss L = log(1 + exp(-y f)), [inputs]. */
export function lossGradient(neurons: Neurons, x: ArrayLike<number>, label: number): Float64Array {
  const factor = -label * sigmoid(-label * valueAt(neurons, x));
  return logitGradient(neurons, x).map((value) => factor * value);
}

/** sigma(t) = 1 / (1 + exp(-t)). */
export function sigmoid(t: number): number {
  return 1 / (1 + Math.exp(-t));
}

/** The L2 norm of each block of a gradient [blocks * dimension]: [blocks]. */
export function blockNorms(gradient: Float64Array, blocks: number): Float64Array {
  const dimension = gradient.length / blocks;
  return Float64Array.from({ length: blocks }, (_, block) =>
    Math.hypot(...gradient.subarray(block * dimension, (block + 1) * dimension)),
  );
}
