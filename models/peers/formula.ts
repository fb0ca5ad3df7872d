/**
 * Weights and images by one formula here and in regenerate.py, so that no fixture has to hold them.
 */
import type { WeightEntry } from 'attribench';
import type { WeightShape } from '../../harness/network/weights.ts';

/** `count` numbers on [0, 1): the index, mixed with the name's FNV-1a hash by the finaliser of MurmurHash3. */
export function uniform(name: string, count: number): Float64Array {
  let seed = 0x811c9dc5;
  for (const byte of Buffer.from(name)) seed = Math.imul(seed ^ byte, 0x01000193);
  const numbers = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let x = (Math.imul(i, 0x9e3779b1) + seed) >>> 0;
    x ^= x >>> 16;
    x = Math.imul(x, 0x85ebca6b);
    x ^= x >>> 13;
    x = Math.imul(x, 0xc2b2ae35);
    x ^= x >>> 16;
    numbers[i] = (x >>> 0) / 2 ** 32;
  }
  return numbers;
}

/** Kernels keep signals of the size of one; variances and scales are positive. */
export function formulaWeight({ name, shape, short }: WeightShape): WeightEntry {
  const numbers = uniform(
    name,
    shape.reduce((product, size) => product * size, 1),
  );
  const limit = Math.sqrt(6 / shape.slice(0, -1).reduce((product, size) => product * size, 1));
  const positive = short === 'gamma' || short === 'movingVariance';
  const data = new Float32Array(numbers.length);
  for (let i = 0; i < data.length; i++) {
    const u = numbers[i] as number;
    if (short === 'kernel') data[i] = (2 * u - 1) * limit;
    else data[i] = positive ? 0.5 + u : 0.4 * u - 0.2;
  }
  return { name, shape, data };
}
