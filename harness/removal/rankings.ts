/**
 * Where the order of an image's coordinates comes from.
 *
 * A mask made from an image's own map can tell by its shape what the model predicted; a network retrained on
 * masked images reads it there. The other rankings tell less: one for each predicted class tells the class
 * and no more, one for all images or one of a class drawn at random tells nothing, a dilated one blurs the
 * shape. What is kept is then less the image's own: docs/diffroar.md says what each can show.
 */
import type { AttributionMaps, ImageShape, SplitName } from '../contracts.ts';
import type { Stream } from '../random.ts';
import { ascendingPlaces } from '../statistics/float-order.ts';
import { rankCoordinates } from './masks.ts';
import { DEGRADED, type MapTransform, POST_PROCESSED, transformMap } from './transforms.ts';

export const RANKINGS = [
  'image',
  'class',
  'global',
  'random-class',
  'dilated',
  'drawn-class',
  ...POST_PROCESSED,
  ...DEGRADED,
] as const;

/**
 * image: the image's own map, as in the paper. class: mean map of the training images predicted as this image
 * is. global: mean map of all training images. random-class: the class ranking of a class drawn at random for
 * each image. dilated: own map, every coordinate raised to the highest rank among its neighbours. drawn-class: own map,
 * where the maps explain a class drawn at random for each image. The others: own map, transformed (transforms.ts), as
 * controls of the score.
 */
export type Ranking = (typeof RANKINGS)[number];

/** The coordinates of one image from the least to the most attributed, from the maps of its split. */
export type CoordinateRanking = (maps: AttributionMaps, split: SplitName, image: number) => Uint32Array;

/**
 * The ranking of every image, given the maps of the training images.
 *
 * Mean maps are of |map| where the method ranks by magnitude, of the map where it ranks by value. An image
 * predicted as a class of which there is no training image gets the ranking of all. Ties and draws come from
 * `ties.derive(...)` by split and image, or by class: no result depends on other images asked for.
 */
export function coordinateRanking(ranking: Ranking, train: AttributionMaps, ties: Stream): CoordinateRanking {
  const own: CoordinateRanking = (maps, split, image) =>
    rankCoordinates(mapOf(maps, image), maps.rank, () => ties.derive(split, image));
  if (ranking === 'image' || ranking === 'drawn-class') return own;
  if (isTransform(ranking)) {
    return (maps, split, image) => {
      const map = transformMap(ranking, maps, mapOf(maps, image), ties.derive('transform', split, image));
      return rankCoordinates(map, 'value', () => ties.derive(split, image));
    };
  }
  if (ranking === 'dilated') return (maps, split, image) => dilated(own(maps, split, image), maps.shape);
  const { all, ofClass } = meanRankings(train, ties);
  if (ranking === 'global') return () => all;
  if (ranking === 'class') return (maps, _, image) => ofClass.get(maps.classes[image] as number) ?? all;
  const present = [...ofClass.keys()].sort((a, b) => a - b);
  return (_, split, image) => {
    const drawn = ties.derive('class of', split, image).integer(present.length);
    return ofClass.get(present[drawn] as number) as Uint32Array;
  };
}

function isTransform(ranking: Ranking): ranking is MapTransform {
  return [...POST_PROCESSED, ...DEGRADED].some((transform) => transform === ranking);
}

function mapOf({ values, shape }: AttributionMaps, image: number): Float32Array {
  const size = shape[0] * shape[1] * shape[2];
  if (!(image >= 0 && (image + 1) * size <= values.length)) {
    throw new RangeError(`[attribench] map ${image}, expected 0 to ${values.length / size - 1}`);
  }
  return values.subarray(image * size, (image + 1) * size);
}

/** Rankings by mean map: of all images, and of those predicted as each class. */
function meanRankings(maps: AttributionMaps, ties: Stream) {
  const size = maps.shape[0] * maps.shape[1] * maps.shape[2];
  const sums = new Map<number, { images: number; sum: Float64Array }>();
  maps.classes.forEach((label, image) => {
    const kept = sums.get(label) ?? { images: 0, sum: new Float64Array(size) };
    sums.set(label, kept);
    kept.images++;
    const map = mapOf(maps, image);
    for (let i = 0; i < size; i++) {
      const value = map[i] as number;
      kept.sum[i] = (kept.sum[i] as number) + (maps.rank === 'magnitude' ? Math.abs(value) : value);
    }
  });
  const total = new Float64Array(size);
  for (const { sum } of sums.values())
    sum.forEach((value, i) => {
      total[i] = (total[i] as number) + value;
    });
  const ranked = (sum: Float64Array, images: number, ...names: (string | number)[]) =>
    rankCoordinates(
      Float32Array.from(sum, (value) => value / images),
      maps.rank,
      () => ties.derive(...names),
    );
  return {
    all: ranked(total, maps.classes.length, 'all classes'),
    ofClass: new Map([...sums].map(([label, { sum, images }]) => [label, ranked(sum, images, 'class', label)])),
  };
}

/**
 * Every coordinate takes the highest rank in the 3x3 window around it in its channel; equal ones keep their order.
 *
 * A top mask of the result is the union of the windows around the highest ranks, cut to its count in the last
 * one; a bottom mask is the complement of such a union.
 */
function dilated(ranks: Uint32Array, [height, width, channels]: ImageShape): Uint32Array {
  const place = new Float32Array(ranks.length);
  ranks.forEach((coordinate, rank) => {
    place[coordinate] = rank;
  });
  const highest = new Float32Array(ranks.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let channel = 0; channel < channels; channel++) {
        let best = 0;
        for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++) {
          for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) {
            best = Math.max(best, place[(v * width + u) * channels + channel] as number);
          }
        }
        highest[(y * width + x) * channels + channel] = best;
      }
    }
  }
  return ascendingPlaces(highest, 'value', ranks);
}
