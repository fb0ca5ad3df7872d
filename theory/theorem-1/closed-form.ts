/**
 * Theorem 1's max-margin network in closed form, and its logits and gradients for millions of inputs.
 *
 * With n = d/2 and e = eta n:
 *   ubar = [u* repeated n times, 0 repeated n times] / sqrt(n),   c0 = (1 - e) / sqrt(n),
 *   rho = 1 / sqrt(2 (1 + c0^2)),   b = c0 rho,
 *   nu* = 1/2 delta(1/sqrt2, rho ubar, b) + 1/2 delta(-1/sqrt2, -rho ubar, b),
 *   margin gamma = c0 / (2 sqrt(1 + c0^2)).
 * On the support f = y (|z| + b) / (2 sqrt2) with z = rho <ubar, x>, and the logit gradient is
 * rho ubar / (2 sqrt2): block norm rho / (2 sqrt d) on the first d/2 blocks and 0 on the others.
 *
 * Theorem 1 (Shah, Jain, Netrapalli, NeurIPS 2021, section 6 and appendix E) states the block norms; this
 * network behind them is derived, and theory/certificate proves that it is the only max-margin one.
 */
import type { Setting } from '../../datasets/simplified-blockmnist/distribution.ts';
import { KINK_TOLERANCE, type Neurons, sigmoid } from '../neurons.ts';

export interface ClosedForm {
  /** n = d/2. */
  readonly relevant: number;
  /** [d * d~], of unit length. */
  readonly ubar: Float64Array;
  readonly c0: number;
  readonly rho: number;
  readonly bias: number;
  /** gamma, the largest margin that any network reaches. */
  readonly margin: number;
  /** |(grad_x f)_j| for every relevant block j. */
  readonly blockNorm: number;
  /** nu*. */
  readonly network: Neurons;
}

/**
 * The closed form of a setting.
 *
 * @throws RangeError for eta >= 2/d, where the two classes meet and no network has a positive margin.
 */
export function closedForm({ blocks, dimension, noise, direction }: Setting): ClosedForm {
  const n = blocks / 2;
  if (noise * n >= 1) {
    throw new RangeError(`[attribench] noise is ${noise}, expected below 2/d = ${1 / n}: beyond, the classes meet`);
  }
  const c0 = (1 - noise * n) / Math.sqrt(n);
  const rho = 1 / Math.sqrt(2 * (1 + c0 * c0));
  const bias = c0 * rho;
  const inputs = blocks * dimension;
  const ubar = new Float64Array(inputs);
  for (let k = 0; k < n * dimension; k++) ubar[k] = (direction[k % dimension] ?? 0) / Math.sqrt(n);
  const r = new Float64Array(2 * inputs);
  for (let k = 0; k < inputs; k++) {
    r[k] = rho * (ubar[k] ?? 0);
    r[inputs + k] = -rho * (ubar[k] ?? 0);
  }
  return {
    relevant: n,
    ubar,
    c0,
    rho,
    bias,
    margin: c0 / (2 * Math.sqrt(1 + c0 * c0)),
    blockNorm: rho / (2 * Math.sqrt(blocks)),
    network: {
      inputs,
      mass: Float64Array.of(0.5, 0.5),
      w: Float64Array.of(Math.SQRT1_2, -Math.SQRT1_2),
      r,
      b: Float64Array.of(bias, bias),
    },
  };
}

/** Where a batch's numbers go; made once and used for every chunk. */
export interface BatchOutputs {
  /** [n], f. */
  readonly logits: Float64Array;
  /** [n, d * d~], grad_x f. */
  readonly logitGradients: Float64Array;
  /** [n, d * d~], grad_x L. */
  readonly lossGradients: Float64Array;
}

export function batchOutputs(count: number, inputs: number): BatchOutputs {
  return {
    logits: new Float64Array(count),
    logitGradients: new Float64Array(count * inputs),
    lossGradients: new Float64Array(count * inputs),
  };
}

/**
 * Logits and both gradients of the first `count` inputs of a chunk, into `outputs`.
 *
 * Valid for every input, on the support or not: both units share one projection z = rho <ubar, x>, so
 * that f = (phi(z + b) - phi(b - z)) / (2 sqrt2), and both gradients are multiples of ubar. Entries of noise
 * blocks are never written: they keep the 0 that `batchOutputs` gave them.
 */
export function evaluateBatch(
  { ubar, rho, bias, relevant }: ClosedForm,
  { inputs, labels }: { readonly inputs: Float64Array; readonly labels: Int8Array },
  count: number,
  outputs: BatchOutputs,
): void {
  const { logits, logitGradients, lossGradients } = outputs;
  const length = ubar.length;
  const used = (length / (2 * relevant)) * relevant;
  const scale = 1 / (2 * Math.SQRT2);
  for (let i = 0; i < count; i++) {
    const at = i * length;
    let z = 0;
    for (let k = 0; k < used; k++) z += (ubar[k] as number) * (inputs[at + k] as number);
    z *= rho;
    const logit = scale * (Math.max(0, z + bias) - Math.max(0, bias - z));
    const active = (z + bias > KINK_TOLERANCE ? 1 : 0) + (bias - z > KINK_TOLERANCE ? 1 : 0);
    const slope = scale * rho * active;
    const label = labels[i] as number;
    const lossSlope = -label * sigmoid(-label * logit) * slope;
    logits[i] = logit;
    for (let k = 0; k < used; k++) {
      const direction = ubar[k] as number;
      logitGradients[at + k] = slope * direction;
      lossGradients[at + k] = lossSlope * direction;
    }
  }
}
