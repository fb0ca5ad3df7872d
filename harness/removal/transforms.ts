/**
 * A map made coarser, or worse by known steps: two controls of a score.
 *
 * Blurred, pooled and quantised maps are functions of the map alone: they know nothing more of model or data, so a
 * score that rises under them rewards how a map looks (Song, Cha, Seo, "On Pitfalls of RemOve-And-Retrain: a data
 * processing inequality perspective", arXiv 2304.13836). A shuffled map is worse than the map by construction, and
 * the larger the share that was shuffled the worse: a score that loses this order measures something else (the
 * degradation test of Zheng et al., "F-Fidelity", ICLR 2025).
 *
 * All act on |map| where the method ranks by magnitude, on the map where it ranks by value, channel by channel.
 */
import type { AttributionMaps, ImageShape } from '../contracts.ts';
import type { Stream } from '../random.ts';
import { ascendingPlaces } from '../statistics/float-order.ts';

/** Standard deviation of the blur, pixels. */
const SIGMA = 1;
/** Side of a pooled block, pixels. */
const BLOCK = 4;
/** Groups of equally many coordinates that a quantised map tells apart. */
const LEVELS = 16;

/** Maps that hold less than the map, and maps of which a share of the coordinates was shuffled. */
export const POST_PROCESSED = ['blurred', 'pooled', 'quantised'] as const;
export const DEGRADED = ['shuffled-25', 'shuffled-50', 'shuffled-75', 'shuffled-100'] as const;

/**
 * blurred: Gaussian blur. pooled: mean of 4x4 blocks. quantised: mean of each of 16 groups of equally many coordinates
 * in order of value. shuffled-25: the values at 25 % of the coordinates, drawn at random, change places among themselves.
 */
export type MapTransform = (typeof POST_PROCESSED)[number] | (typeof DEGRADED)[number];

/**
 * One image's map [size] transformed, a new array.
 *
 * `stream` belongs to the image: ties of quantisation and the coordinates shuffled come from it. The coordinates that
 * a smaller share shuffles are among those of a larger one.
 */
export function transformMap(
  transform: MapTransform,
  { rank, shape }: Pick<AttributionMaps, 'rank' | 'shape'>,
  map: Float32Array,
  stream: Stream,
): Float32Array {
  const values = rank === 'magnitude' ? map.map(Math.abs) : map.slice();
  if (transform === 'blurred') return blurred(values, shape);
  if (transform === 'pooled') return pooled(values, shape);
  if (transform === 'quantised') return quantised(values, stream);
  return shuffled(values, SHARES[transform], stream);
}

const SHARES: Readonly<Record<(typeof DEGRADED)[number], number>> = {
  'shuffled-25': 0.25,
  'shuffled-50': 0.5,
  'shuffled-75': 0.75,
  'shuffled-100': 1,
};

/** Along rows, then along columns; at the border the weights of the pixels that exist are scaled to 1. */
function blurred(values: Float32Array, [height, width, channels]: ImageShape): Float32Array {
  const reach = Math.ceil(4 * SIGMA);
  const weights = Array.from({ length: reach + 1 }, (_, distance) => Math.exp(-(distance ** 2) / (2 * SIGMA ** 2)));
  let from = values;
  for (const [length, step] of [
    [width, channels],
    [height, width * channels],
  ] as const) {
    const source = from;
    from = source.map((_, at) => {
      const here = Math.floor(at / step) % length;
      let [sum, total] = [0, 0];
      for (let there = Math.max(0, here - reach); there <= Math.min(length - 1, here + reach); there++) {
        const weight = weights[Math.abs(there - here)] as number;
        sum += weight * (source[at + (there - here) * step] as number);
        total += weight;
      }
      return sum / total;
    });
  }
  return from;
}

/** Blocks at the right and lower border may be smaller. */
function pooled(values: Float32Array, [height, width, channels]: ImageShape): Float32Array {
  const across = Math.ceil(width / BLOCK);
  const blockOf = (at: number) => {
    const pixel = Math.floor(at / channels);
    const [row, column] = [Math.floor(pixel / width / BLOCK), Math.floor((pixel % width) / BLOCK)];
    return (row * across + column) * channels + (at % channels);
  };
  const blocks = Math.ceil(height / BLOCK) * across * channels;
  const [sums, counts] = [new Float64Array(blocks), new Float64Array(blocks)];
  values.forEach((value, at) => {
    const block = blockOf(at);
    sums[block] = (sums[block] as number) + value;
    counts[block] = (counts[block] as number) + 1;
  });
  return values.map((_, at) => (sums[blockOf(at)] as number) / (counts[blockOf(at)] as number));
}

function quantised(values: Float32Array, stream: Stream): Float32Array {
  const order = ascendingPlaces(values, 'value', stream.permutation(values.length));
  const result = new Float32Array(values.length);
  for (let group = 0; group < LEVELS; group++) {
    const bound = (of: number) => Math.round((of * values.length) / LEVELS);
    const members = order.subarray(bound(group), bound(group + 1));
    const mean = members.reduce((sum, at) => sum + (values[at] as number), 0) / members.length;
    for (const at of members) result[at] = mean;
  }
  return result;
}

function shuffled(values: Float32Array, share: number, stream: Stream): Float32Array {
  const chosen = stream.permutation(values.length).subarray(0, Math.round(share * values.length));
  const places = stream.derive('places', share).permutation(chosen.length);
  const result = values.slice();
  chosen.forEach((at, i) => {
    result[at] = values[chosen[places[i] as number] as number] as number;
  });
  return result;
}
