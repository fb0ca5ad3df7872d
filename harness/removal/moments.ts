/**
 * Mean and standard deviation of each coordinate over a split.
 */

/**
 * [size] means and standard deviations (divisor n) of images [n, size]; bytes count as value / 255.
 *
 * Sums run in float64 around the first image, so that a large common value does not drown the spread.
 */
export function coordinateMoments(
  images: Float32Array | Uint8Array,
  size: number,
): { readonly mean: Float32Array; readonly deviation: Float32Array } {
  const n = images.length / size;
  if (!(Number.isInteger(n) && n > 0)) {
    throw new RangeError(`[attribench] ${images.length} values for images of ${size}, expected one image or more`);
  }
  const scale = images instanceof Uint8Array ? 1 / 255 : 1;
  const sums = new Float64Array(size);
  const squares = new Float64Array(size);
  for (let at = 0; at < images.length; at += size) {
    for (let i = 0; i < size; i++) {
      const away = (images[at + i] as number) - (images[i] as number);
      sums[i] = (sums[i] as number) + away;
      squares[i] = (squares[i] as number) + away * away;
    }
  }
  const mean = new Float32Array(size);
  const deviation = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    const away = (sums[i] as number) / n;
    mean[i] = ((images[i] as number) + away) * scale;
    deviation[i] = Math.sqrt(Math.max(0, (squares[i] as number) / n - away * away)) * scale;
  }
  return { mean, deviation };
}
