/**
 * Fused convolutions held against the operations that they stand for, on numbers of which none is special: of a fresh network
 * every bias is 0, and no graph of it would tell where in a sum that was added.
 */
import { stream } from '../../../random.ts';
import * as tf from '../../../tfjs.js';
import type { NativeOperations } from '../operations.ts';
import type { Fusion } from './fusion.ts';
import type { Call, Recording, TensorType } from './recording.ts';
import { GraphSession } from './session.ts';

/** Drawn numbers, repeated: so many that no row, image or channel is like another. */
const DRAWN = 4093;

/**
 * Of more images the library may part its work otherwise; a graph's results for what it is first given, all images of it,
 * are held against the operations' besides.
 */
const IMAGES = 32;

export class FusionProofs {
  readonly #native: NativeOperations;
  /** By what is computed, of which shapes. */
  readonly #proven = new Map<string, boolean>();

  constructor(native: NativeOperations) {
    this.#native = native;
  }

  /** Whether it gives the same bits; computed once for a process. */
  isProven(whole: Fusion): boolean {
    const fusion = withFewImages(whole);
    const key = JSON.stringify([fusion.calls.map(({ operation }) => operation), fusion.fused.attributes, fusion.types]);
    const known = this.#proven.get(key);
    if (known !== undefined) return known;
    const proven = this.#proves(fusion);
    this.#proven.set(key, proven);
    return proven;
  }

  #proves(fusion: Fusion): boolean {
    let session: GraphSession | undefined;
    try {
      session = new GraphSession(this.#native, besideEachOther(fusion));
      const own = session;
      return tf.tidy(() => {
        const inputs = distinct(fusion).map(({ shape }, i) => tf.tensor(drawn(sizeOf(shape), i), [...shape]));
        const [plain, fused] = own.run(inputs).map((result) => result.dataSync());
        return Buffer.compare(bytesOf(plain as Float32Array), bytesOf(fused as Float32Array)) === 0;
      });
    } catch {
      // A library that has no such operation says so by an error; the operations that it stands for remain.
      return false;
    } finally {
      session?.dispose();
    }
  }
}

/** The same of no more images than are needed. */
function withFewImages(fusion: Fusion): Fusion {
  const few = ({ type, shape }: TensorType): TensorType => {
    const [images = 0, ...others] = shape;
    return { type, shape: shape.length === 4 ? [Math.min(images, IMAGES), ...others] : shape };
  };
  const [images, filters, ...others] = fusion.types as [TensorType, TensorType, ...TensorType[]];
  return { ...fusion, types: [few(images), filters, ...others.map(few)] };
}

/** What is given to a fusion, each value once. */
function distinct({ fused, types }: Fusion): (TensorType & { readonly value: string })[] {
  const values = [...new Set(fused.inputs)];
  return values.map((value) => ({ value, ...(types[fused.inputs.indexOf(value)] as TensorType) }));
}

/** A recording whose results are those of the operations and of the fused one. */
function besideEachOther(fusion: Fusion): Recording {
  const { calls, fused } = fusion;
  const constants = fusion.constants.map((constant, i) => ({ ...constant, name: `constant${i}` }));
  const given = distinct(fusion).map(({ value, ...type }, i) => ({ value, name: `given${i}`, ...type }));
  const names = new Map(given.map(({ value, name }) => [value, `${name}:0`]));
  fusion.constants.forEach(({ name }, i) => void names.set(`${name}:0`, `constant${i}:0`));
  calls.forEach(({ name }, i) => void names.set(`${name}:0`, `plain${i}:0`));
  const renamed = (call: Call, name: string): Call => ({
    ...call,
    name,
    inputs: call.inputs.map((input) => names.get(input) as string),
  });
  const plain = calls.map((call, i) => renamed(call, `plain${i}`));
  return {
    given: given.map(({ name, type, shape }) => ({ name, type, shape })),
    constants,
    calls: [...plain, renamed(fused, 'fused')],
    results: [`plain${calls.length - 1}:0`, 'fused:0'],
  };
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((size, length) => size * length, 1);

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array) => new Uint8Array(buffer, byteOffset, byteLength);

/** Normal numbers, of each input others. */
function drawn(size: number, input: number): Float32Array {
  const values = new Float32Array(size);
  values.set(stream('fusion', input).normals(Math.min(size, DRAWN)));
  for (let filled = DRAWN; filled < size; filled *= 2) values.copyWithin(filled, 0, Math.min(filled, size - filled));
  return values;
}
