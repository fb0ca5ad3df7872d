/**
 * Seeded random streams: the only source of randomness in the project.
 *
 * A stream is named, not numbered: its 128-bit state is taken from the SHA-256 of the canonical JSON
 * of its names, so two parts never share numbers by accident and adding a part moves no other.
 * Numbers come from xoroshiro128+ (pure-rand). Same names, same numbers, on every machine.
 */
import { createHash } from 'node:crypto';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import type { Json } from './contracts.ts';
import { canonicalJson } from './fingerprint.ts';
import { fillNormals } from './random/normals.ts';

const TWO_POW_MINUS_32 = 2 ** -32;

export class Stream {
  readonly names: readonly Json[];
  #generator: ReturnType<typeof xoroshiro128plusFromState>;
  #spare: number | undefined;

  constructor(names: readonly Json[]) {
    this.names = names;
    const digest = createHash('sha256').update(canonicalJson(names)).digest();
    this.#generator = xoroshiro128plusFromState([0, 4, 8, 12].map((at) => digest.readInt32LE(at)));
  }

  /** An independent stream named by this stream's names and more. */
  derive(...names: readonly Json[]): Stream {
    return new Stream([...this.names, ...names]);
  }

  /** Uniform on the 32-bit unsigned integers. */
  bits(): number {
    return this.#generator.next() >>> 0;
  }

  /** Uniform on [0, 1), with 32 bits. */
  uniform(): number {
    return this.bits() * TWO_POW_MINUS_32;
  }

  /** Uniform on 0 .. below - 1, without bias. */
  integer(below: number): number {
    if (!Number.isInteger(below) || below < 1 || below > 2 ** 32) {
      throw new RangeError(`[attribench] Stream.integer: got ${below}, expected an integer from 1 to 2^32`);
    }
    // Lemire, "Fast random integer generation in an interval", 2019: the high word of bits * below is
    // uniform once the few bits whose low word falls below 2^32 mod below are drawn again.
    let bits = this.bits();
    let low = Math.imul(bits, below) >>> 0;
    if (low < below) {
      const rejected = 2 ** 32 % below;
      while (low < rejected) {
        bits = this.bits();
        low = Math.imul(bits, below) >>> 0;
      }
    }
    // In halves, since a product of two words does not fit a double.
    const high = (bits >>> 16) * below + Math.floor(((bits & 0xffff) * below) / 0x10000);
    return Math.floor(high / 0x10000);
  }

  /** Standard normal in full double precision (Marsaglia's polar method; the second of each pair is kept for the next call). */
  normal(): number {
    const spare = this.#spare;
    if (spare !== undefined) {
      this.#spare = undefined;
      return spare;
    }
    for (;;) {
      const u = 2 * this.uniform() - 1;
      const v = 2 * this.uniform() - 1;
      const s = u * u + v * v;
      if (s > 0 && s < 1) {
        const scale = Math.sqrt((-2 * Math.log(s)) / s);
        this.#spare = v * scale;
        return u * scale;
      }
    }
  }

  /**
   * `count` standard normals with 24 bits, by the ziggurat: a tenth of the cost of as many calls of `normal`.
   * Errors: RangeError unless `values`, whose first `count` are filled, hold so many.
   */
  normals(count: number, values: Float32Array = new Float32Array(count)): Float32Array {
    if (values.length < count) {
      throw new RangeError(`[attribench] Stream.normals: ${count} values do not fit an array of ${values.length}`);
    }
    this.#generator = fillNormals(this.#generator, values.subarray(0, count));
    return values;
  }

  /** `count` uniforms on [low, high). */
  uniforms(count: number, low = 0, high = 1): Float32Array {
    const values = new Float32Array(count);
    for (let i = 0; i < count; i++) values[i] = low + (high - low) * this.uniform();
    return values;
  }

  /** A uniformly random order of 0 .. count - 1 (Fisher and Yates). */
  permutation(count: number): Uint32Array {
    const order = new Uint32Array(count);
    for (let i = 0; i < count; i++) order[i] = i;
    for (let i = count - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const moved = order[i] as number;
      order[i] = order[j] as number;
      order[j] = moved;
    }
    return order;
  }
}

/** The stream named by `names`. */
export function stream(...names: readonly Json[]): Stream {
  return new Stream(names);
}
