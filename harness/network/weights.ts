/**
 * Weights as immutable named arrays, and as the bytes of a safetensors part of an artifact.
 */
import type { WeightEntry, Weights } from '../contracts.ts';
import { UsageError } from '../errors.ts';
import { hashWeights } from '../fingerprint.ts';
import { decodeSafetensors, encodeSafetensors } from '../formats/safetensors.ts';

/** Weights of the given entries, in the given order, with their hash. */
export function makeWeights(entries: readonly WeightEntry[]): Weights {
  return Object.freeze({ entries: Object.freeze([...entries]), hash: hashWeights(entries) });
}

/** The safetensors file of weights, entries in order. */
export function encodeWeights(weights: Weights): Uint8Array {
  return encodeSafetensors(weights.entries, { hash: weights.hash });
}

/** The weights of a safetensors file, in the file's order; UsageError where a tensor is not float32. */
export function decodeWeights(bytes: Uint8Array): Weights {
  const entries = decodeSafetensors(bytes).entries.map(({ name, shape, data }) => {
    if (!(data instanceof Float32Array)) {
      throw new UsageError(`[attribench] weight "${name}" is ${data.constructor.name}, expected float32`);
    }
    return { name, shape, data };
  });
  return makeWeights(entries);
}

/** A weight that an architecture has: its stable name, its shape, and the layer that owns it. */
export interface WeightShape {
  /** `<layer>/<short name>`, such as `hidden-1/kernel`. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly layer: string;
  /** The tf.layers class name of the layer. */
  readonly type: string;
  /** kernel, bias, gamma, beta, movingMean, movingVariance, depthwiseKernel, ... */
  readonly short: string;
}

/**
 * The entries in the order of the architecture.
 *
 * @throws UsageError naming the first weight that is missing, of another shape, or unknown.
 */
export function matchWeights(weights: Weights, shapes: readonly WeightShape[]): readonly WeightEntry[] {
  const given = new Map(weights.entries.map((entry) => [entry.name, entry]));
  const matched = shapes.map(({ name, shape }) => {
    const entry = given.get(name);
    if (entry === undefined) {
      const names = weights.entries.map((other) => other.name).join(', ') || 'none';
      throw new UsageError(`[attribench] weight "${name}" of shape [${shape}] is missing, got: ${names}`);
    }
    if (entry.shape.length !== shape.length || shape.some((size, axis) => size !== entry.shape[axis])) {
      throw new UsageError(`[attribench] weight "${name}" has shape [${entry.shape}], expected [${shape}]`);
    }
    given.delete(name);
    return entry;
  });
  for (const name of given.keys()) {
    const names = shapes.map((shape) => shape.name).join(', ') || 'none';
    throw new UsageError(`[attribench] weight "${name}" is unknown to this architecture, expected: ${names}`);
  }
  return matched;
}
