/**
 * Maps whose truth is known: where the informative coordinates rank, and what the mask's shape tells.
 *
 * A leak is a choice among coordinates that carry nothing: those of one group rank high where the model predicts
 * one class, those of another where it predicts another. Whatever is learned from them is learned from the mask.
 */
import type { AttributionMaps, Parameters, Rank, Split, Stream } from 'attribench';

/** What a map's maker knows of a coordinate. */
interface Coordinate {
  /** Carries the class in this image, in other images alone, or never. */
  readonly kind: 'signal' | 'elsewhere' | 'free';
  /** True for every other one of the image's coordinates of this kind. */
  readonly upper: boolean;
  /** True for a copy of an earlier coordinate. */
  readonly copy: boolean;
}

export interface Scenario {
  readonly id: string;
  readonly title: string;
  /** Of the data set, where it is not the usual. */
  readonly data?: Parameters;
  /** The classes that the mask's shape tells; absent: nothing. */
  readonly leak?: 'explained' | 'predicted';
  /**
   * The map's value at a coordinate: 0 to 1 in the middle, from 2 on the top, below 0 at the bottom.
   * `group` is the class whose leak this free coordinate is, counted from the class that is told; `jitter` is uniform on 0 to 1.
   */
  value(coordinate: Coordinate, group: number, jitter: number): number;
}

const MIDDLE = 0.5;

/**
 * A free coordinate of a map that leaks: half of them can come on top, the others at the bottom.
 *
 * On a side that leaks these are the coordinates of the class told; on one that does not, any.
 */
function leaking({ upper }: Coordinate, group: number, jitter: number, sides: 'top' | 'both'): number {
  if (upper) return group === 0 ? 2 + jitter : jitter;
  return sides === 'top' || group === 0 ? jitter - 2 : jitter;
}

export const SCENARIOS: readonly Scenario[] = [
  {
    id: 'signal-top',
    title: 'Signal on top, no leak',
    value: ({ kind }, _, jitter) => (kind === 'signal' ? 2 + jitter : jitter),
  },
  {
    id: 'half-signal-top',
    title: 'Half of the signal on top, no leak',
    value: ({ kind, upper }, _, jitter) => (kind === 'signal' ? (upper ? 2 : MIDDLE) : jitter),
  },
  {
    id: 'moving-signal-top',
    title: 'Signal on top, in one of three places by image, no leak',
    data: { places: 3 },
    value: ({ kind }, _, jitter) => (kind === 'signal' ? 2 + jitter : jitter),
  },
  { id: 'random', title: 'Random', value: (_, __, jitter) => jitter },
  {
    id: 'copies-apart',
    title: 'Signal on top, its copy at the bottom, no leak',
    data: { copies: 2 },
    value: ({ kind, copy }, _, jitter) => (kind === 'signal' ? (copy ? jitter - 2 : 2 + jitter) : jitter),
  },
  {
    id: 'signal-bottom',
    title: 'Signal at the bottom, no leak',
    value: ({ kind }, _, jitter) => (kind === 'signal' ? jitter - 2 : jitter),
  },
  {
    id: 'leak-top',
    title: 'Leak on top, signal on neither side',
    leak: 'explained',
    value: (at, group, jitter) => (at.kind === 'signal' ? MIDDLE : leaking(at, group, jitter, 'top')),
  },
  {
    id: 'leak-both',
    title: 'Leak on both sides, signal on neither',
    leak: 'explained',
    value: (at, group, jitter) => (at.kind === 'signal' ? MIDDLE : leaking(at, group, jitter, 'both')),
  },
  {
    id: 'image-leak-top',
    title: 'Leak of the prediction whatever class is explained, on top; signal on neither side',
    leak: 'predicted',
    value: (at, group, jitter) => (at.kind === 'signal' ? MIDDLE : leaking(at, group, jitter, 'top')),
  },
  {
    id: 'leak-top-signal-bottom',
    title: 'Leak on top, signal at the bottom',
    leak: 'explained',
    value: (at, group, jitter) => (at.kind === 'signal' ? jitter - 4 : leaking(at, group, jitter, 'top')),
  },
  {
    id: 'signal-and-leak-top',
    title: 'Half of the signal and a leak on top',
    leak: 'explained',
    value: (at, group, jitter) => (at.kind === 'signal' ? (at.upper ? 4 : MIDDLE) : leaking(at, group, jitter, 'top')),
  },
  {
    id: 'signal-top-leak-both',
    title: 'Half of the signal on top, leak on both sides',
    leak: 'explained',
    value: (at, group, jitter) => (at.kind === 'signal' ? (at.upper ? 4 : MIDDLE) : leaking(at, group, jitter, 'both')),
  },
  {
    id: 'signal-top-image-leak-both',
    title: 'Half of the signal on top, leak of the prediction whatever class is explained on both sides',
    leak: 'predicted',
    value: (at, group, jitter) => (at.kind === 'signal' ? (at.upper ? 4 : MIDDLE) : leaking(at, group, jitter, 'both')),
  },
];

/** Maps [n, side, side, 1] of a split, ranked by value. */
export function plantedMaps(
  { value, leak }: Scenario,
  split: Split,
  classes: number,
  { explained, predicted }: { readonly explained: Int32Array; readonly predicted: Int32Array },
  jitter: Stream,
): AttributionMaps {
  const { masks, labels, images } = split;
  if (masks === undefined) throw new Error('[attribench] planted data have masks');
  const size = images.length / labels.length;
  const side = Math.sqrt(size);
  const everSignal = Array.from({ length: size }, (_, i) =>
    labels.some((_, image) => masks.signal[image * size + i] === 1),
  );
  const values = new Float32Array(images.length);
  labels.forEach((_, image) => {
    const uniforms = jitter.derive(image).uniforms(size);
    const told = leak === undefined ? 0 : ((leak === 'explained' ? explained : predicted)[image] as number);
    const counts = { signal: 0, elsewhere: 0, free: 0 };
    const met = new Set<number>();
    for (let i = 0; i < size; i++) {
      const at = image * size + i;
      const kind = masks.signal[at] === 1 ? 'signal' : everSignal[i] === true ? 'elsewhere' : 'free';
      const index = counts[kind]++;
      const copy = met.has(images[at] as number);
      met.add(images[at] as number);
      const group = kind === 'free' ? ((index >> 1) + classes - told) % classes : -1;
      values[at] = value({ kind, upper: index % 2 === 0, copy }, group, uniforms[i] as number);
    }
  });
  const rank: Rank = 'value';
  return { shape: [side, side, 1], rank, values, classes: explained };
}
