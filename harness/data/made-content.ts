/** Small made-up data set content for tests: 2 x 3 x 3 images of arbitrary values. */
import type { DatasetContent, Split } from '../contracts.ts';
import { stream } from '../random.ts';

/** Content with n images a split, bytes or floats in [-1, 2), with or without masks. */
export function made(seed: number, n: number, options: { bytes: boolean; masks: boolean }): DatasetContent {
  const numbers = stream('content', seed);
  const split = (): Split => {
    const pixels = n * 6;
    const signal = Uint8Array.from({ length: pixels }, () => numbers.integer(2));
    const images = options.bytes
      ? Uint8Array.from({ length: pixels * 3 }, () => numbers.integer(256))
      : numbers.uniforms(pixels * 3, -1, 2);
    const labels = Int32Array.from({ length: n }, () => numbers.integer(2));
    if (!options.masks) return { images, labels };
    return { images, labels, masks: { signal, null: signal.map((value) => (value === 1 ? 0 : numbers.integer(2))) } };
  };
  return {
    shape: [2, 3, 3],
    classes: ['yes', 'no'],
    bounds: { low: -1, high: 2 },
    splits: { train: split(), validation: split(), test: split() },
  };
}
