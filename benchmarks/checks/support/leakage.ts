/**
 * How much of a map falls on the part of the image that carries no information.
 *
 * Two views: the share of the total |attribution| in the null block, which needs no k, and the paper's
 * proxy, the share of the top-k coordinates that lie there. The second has a trap. A method that multiplies
 * by the input is zero wherever the input is; once k exceeds its non-zero entries in the signal block, the
 * rest of the top-k must fall on the null block by arithmetic. Such an image is saturated at k, and a level
 * is judged only where few images are.
 */
import {
  type AttributionMaps,
  type Measure,
  markedAmongHighest,
  mean,
  measure,
  NotApplicable,
  type Split,
  type Stream,
  type Verdict,
  verdictAgainst,
} from 'attribench';

/** The levels k, in percent of all coordinates. */
export const LEVELS = [2.5, 5, 10, 15, 20, 25, 30] as const;

/** A level is judged where the share of saturated images lies below this. */
export const SATURATION_LIMIT = 0.05;

/** Coordinates in the top-k: `percent` of all, rounded to the nearest (half up), at least one. */
export function topCount(percent: number, coordinates: number): number {
  return Math.max(1, Math.round((percent * coordinates) / 100));
}

/** Per-image figures of one trained model; lists run over the test images. */
export type Leakage = {
  /** Height x width x channels. */
  readonly coordinates: number;
  /** Share of the coordinates in the null block, mean over images: what a map without knowledge scores. */
  readonly area: number;
  /** 1 where the explained class is the image's label. */
  readonly right: readonly number[];
  /** Share of total |attribution| in the null block; of a map of zeros, the block's share of the area. */
  readonly mass: readonly number[];
  /** By level: how many of the top-k coordinates lie in the null block. */
  readonly top: readonly (readonly number[])[];
  readonly nonZero: readonly number[];
  readonly nonZeroInSignal: readonly number[];
};

type Masks = NonNullable<Split['masks']>;

/** The masks of a split; throws NotApplicable where it has none. */
export function masksOf(split: Split<unknown>): Masks {
  if (split.masks === undefined) {
    throw new NotApplicable('the images carry no masks of where the signal is, and this check needs them');
  }
  return split.masks;
}

/** Leakage of every map of a test split; `ties` derives one stream an image, the same for all methods. */
export function leakageOf(maps: AttributionMaps, split: Split<unknown>, ties: Stream): Leakage {
  const masks = masksOf(split);
  const [height, width, channels] = maps.shape;
  const [images, pixels, coordinates] = [split.labels.length, height * width, height * width * channels];
  if (maps.values.length !== images * coordinates || masks.null.length !== images * pixels) {
    throw new Error(
      `[attribench] got ${maps.values.length} map entries and ${masks.null.length} mask entries for ${images} images of ${height}x${width}x${channels}, expected one a coordinate and one a pixel`,
    );
  }
  const counts = LEVELS.map((percent) => topCount(percent, coordinates));
  const views = Array.from({ length: images }, (_, image): View => {
    const ofImage = (mask: Uint8Array) => mask.subarray(image * pixels, (image + 1) * pixels);
    const map = maps.values.subarray(image * coordinates, (image + 1) * coordinates);
    return { map, channels, nothing: ofImage(masks.null), signal: ofImage(masks.signal) };
  });
  const sums = views.map(summarise);
  const leaked = views.map((view, image) => {
    refuseNonFinite(view.map);
    let drawn: Uint32Array | undefined;
    const order = () => {
      drawn ??= ties.derive(image).permutation(coordinates);
      return drawn;
    };
    return markedAmongHighest(view.map, maps.rank, ofCoordinates(view.nothing, channels), counts, order);
  });
  return {
    coordinates,
    area: mean(sums.map(({ nullArea }) => nullArea)) / coordinates,
    right: Array.from(maps.classes, (label, image) => (label === split.labels[image] ? 1 : 0)),
    mass: sums.map(({ total, inNull, nullArea }) => (total === 0 ? nullArea / coordinates : inNull / total)),
    top: LEVELS.map((_, level) => leaked.map((byLevel) => byLevel[level] ?? 0)),
    nonZero: sums.map(({ nonZero }) => nonZero),
    nonZeroInSignal: sums.map(({ nonZeroInSignal }) => nonZeroInSignal),
  };
}

/** One image: its map [height, width, channels] and its masks [height, width]. */
interface View {
  readonly map: Float32Array;
  readonly channels: number;
  readonly nothing: Uint8Array;
  readonly signal: Uint8Array;
}

/** Sums of |map| and numbers of coordinates. */
function summarise({ map, channels, nothing, signal }: View) {
  let [total, inNull, nullArea, nonZero, nonZeroInSignal] = [0, 0, 0, 0, 0];
  for (let pixel = 0, i = 0; pixel < nothing.length; pixel++) {
    const isNull = nothing[pixel] as number;
    const isSignal = signal[pixel] as number;
    for (let channel = 0; channel < channels; channel++, i++) {
      const magnitude = Math.abs(map[i] as number);
      const counts = magnitude > 0 ? 1 : 0;
      total += magnitude;
      inNull += isNull * magnitude;
      nullArea += isNull;
      nonZero += counts;
      nonZeroInSignal += isSignal * counts;
    }
  }
  return { total, inNull, nullArea, nonZero, nonZeroInSignal };
}

/** A mask of pixels, for each coordinate. */
function ofCoordinates(mask: Uint8Array, channels: number): Uint8Array {
  if (channels === 1) return mask;
  const expanded = new Uint8Array(mask.length * channels);
  for (let i = 0; i < expanded.length; i++) expanded[i] = mask[Math.floor(i / channels)] as number;
  return expanded;
}

function refuseNonFinite(map: Float32Array): void {
  for (let i = 0; i < map.length; i++) {
    if (!Number.isFinite(map[i])) {
      throw new Error(
        `[attribench] a map holds a value that is not finite at coordinate ${i}, expected finite numbers`,
      );
    }
  }
}

/** Measures of leakage over trainings; null stands for an excluded training. */
export function leakageMeasures(
  values: readonly (Leakage | null)[],
  options: { readonly prefix?: string; readonly primary: boolean },
): { readonly measures: readonly Measure[]; readonly notes: readonly string[] } {
  const { prefix = '', primary } = options;
  const valid = values.filter((value) => value !== null);
  const images = valid[0]?.right.length ?? 0;
  const chance = valid[0]?.area ?? null;
  const over = (figure: (leakage: Leakage) => number | null) =>
    values.map((leakage) => (leakage === null ? null : figure(leakage)));
  const share = { unit: 'share', images } as const;

  const saturated = LEVELS.map((percent) =>
    measure({
      ...share,
      id: `${prefix}saturated-${percent}`,
      better: 'none',
      values: over((leakage) => mean(saturation(leakage, percent))),
    }),
  );
  const judged = saturated.map(({ estimate }) => estimate === null || estimate < SATURATION_LIMIT);
  /** One measure over all images and one over those that the model classifies rightly. */
  const both = (
    id: string,
    isPrimary: boolean,
    better: Measure['better'],
    perImage: (leakage: Leakage) => readonly number[],
  ): Measure[] => {
    const facts = { ...share, better, chance, ideal: better === 'none' ? null : 0 };
    return [
      measure({ ...facts, id, primary: isPrimary, values: over((leakage) => mean(perImage(leakage))) }),
      measure({ ...facts, id: `${id}-right`, values: over((leakage) => meanOfRight(leakage, perImage(leakage))) }),
    ];
  };
  const unjudged = LEVELS.filter((_, level) => judged[level] === false);
  const zeroMaps = valid.reduce((sum, { nonZero }) => sum + nonZero.filter((count) => count === 0).length, 0);
  return {
    measures: [
      ...both(`${prefix}null-mass`, primary, 'lower', ({ mass }) => mass),
      ...LEVELS.flatMap((percent, level) =>
        both(`${prefix}null-top-${percent}`, false, judged[level] === true ? 'lower' : 'none', (leakage) => {
          const count = topCount(percent, leakage.coordinates);
          return (leakage.top[level] ?? []).map((leaked) => leaked / count);
        }),
      ),
      ...saturated,
      measure({
        ...share,
        id: `${prefix}non-zero`,
        better: 'none',
        values: over(({ nonZero, coordinates }) => mean(nonZero) / coordinates),
      }),
    ],
    notes: [
      ...(unjudged.length === 0
        ? []
        : [
            `Not judged at k = ${unjudged.map((percent) => `${percent} %`).join(', ')}: in 5 % of the images or more the map has fewer non-zero entries in the signal block than k, so that the rest must fall outside it.`,
          ]),
      ...(zeroMaps === 0
        ? []
        : [
            `${zeroMaps} of ${valid.length * images} maps are zero everywhere; their share of attribution in the null block counts as the block's share of the area.`,
          ]),
    ],
  };
}

/** Half of chance: midway between a perfect map's 0 and what a map without knowledge scores. */
export function leakageVerdict(measures: readonly Measure[], id: string): Verdict {
  const mass = measures.find((candidate) => candidate.id === id);
  if (mass === undefined || mass.chance === null) return 'undecided';
  return verdictAgainst(mass, { atMost: mass.chance / 2 });
}

/** By image: 1 where k exceeds the map's non-zero entries in the signal block. */
function saturation({ nonZeroInSignal, coordinates }: Leakage, percent: number): number[] {
  const count = topCount(percent, coordinates);
  return nonZeroInSignal.map((entries) => (count > entries ? 1 : 0));
}

/** Mean over the images that the model classifies rightly; null where it classifies none so. */
function meanOfRight({ right }: Leakage, values: readonly number[]): number | null {
  const chosen = values.filter((_, image) => right[image] === 1);
  return chosen.length === 0 ? null : mean(chosen);
}
