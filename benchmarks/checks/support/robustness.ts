/**
 * How a score answers to maps that were changed in known ways, for one attribution model.
 */
import {
  type AttributionMaps,
  DEGRADED,
  type MapTransform,
  mean,
  POST_PROCESSED,
  type Split,
  type Stream,
  spearman,
  transformMap,
} from 'attribench';
import { LEVELS, leakageOf, topCount } from './leakage.ts';

/** What is scored: the map itself, the map post-processed, and the map degraded in steps. */
export const VARIANTS = ['map', ...POST_PROCESSED, ...DEGRADED] as const;
export type Variant = (typeof VARIANTS)[number];

/** The scores that can be asked: shares in the null block of a map's mass or of its top-k, and DiffROAR at one level. */
export const SCORES = ['null-mass', 'null-top', 'diffroar'] as const;
export type Score = (typeof SCORES)[number];

export type Scored = {
  readonly images: number;
  /** What a map without knowledge scores. */
  readonly chance: number;
  /** The score of each variant, in the score's own unit and direction. */
  readonly scores: Readonly<Record<Variant, number>>;
};

/** Leakage of all variants of the maps of a test split; `percent` is k of the top-k. */
export function leakageScores(
  maps: AttributionMaps,
  split: Split<unknown>,
  { score, percent, stream }: { readonly score: Score; readonly percent: number; readonly stream: Stream },
): Scored {
  const level = (LEVELS as readonly number[]).indexOf(percent);
  const figures = VARIANTS.map((variant) => {
    const { mass, top, area, coordinates } = leakageOf(transformed(maps, variant, stream), split, stream);
    const inTop = () => mean(top[level] ?? []) / topCount(percent, coordinates);
    return { area, figure: score === 'null-mass' ? mean(mass) : inTop() };
  });
  return {
    images: split.labels.length,
    chance: figures[0]?.area ?? Number.NaN,
    scores: byVariant((_, i) => figures[i]?.figure ?? Number.NaN),
  };
}

/** One number a variant. */
export function byVariant(value: (variant: Variant, index: number) => number): Readonly<Record<Variant, number>> {
  return Object.fromEntries(VARIANTS.map((variant, i) => [variant, value(variant, i)])) as Record<Variant, number>;
}

function transformed(maps: AttributionMaps, variant: Variant, stream: Stream): AttributionMaps {
  if (variant === 'map') return maps;
  const size = maps.shape[0] * maps.shape[1] * maps.shape[2];
  const values = new Float32Array(maps.values.length);
  for (let at = 0; at < values.length; at += size) {
    const map = maps.values.subarray(at, at + size);
    values.set(transformMap(variant as MapTransform, maps, map, stream.derive('transform', at / size)), at);
  }
  return { ...maps, values };
}

/** The degraded maps from the untouched one on, each worse than the one before. */
const STEPS: readonly Variant[] = ['map', ...DEGRADED];

/** How far above chance a score lies, in the direction in which more is better. */
function gain({ scores }: Scored, variant: Variant, score: Score): number {
  return score === 'diffroar' ? scores[variant] : -scores[variant];
}

/** Spearman's correlation of the score with the share of the map left in place; 0 where all steps score the same. */
export function orderOf(scored: Scored, score: Score): number {
  const gains = STEPS.map((variant) => gain(scored, variant, score));
  return -(spearman(gains, [...STEPS.keys()]) ?? 0);
}

/** Share of the pairs of steps of which the worse map scores better; ties count half. */
export function inversionsOf(scored: Scored, score: Score): number {
  const gains = STEPS.map((variant) => gain(scored, variant, score));
  const pairs = gains.flatMap((better, i) => gains.slice(i + 1).map((worse) => [better, worse] as const));
  return mean(pairs.map(([better, worse]) => (worse > better ? 1 : worse === better ? 0.5 : 0)));
}

/**
 * How far post-processing moves the score, in shares of the way from the shuffled map to the map; positive: up.
 *
 * null where the map itself scores no better than with its values shuffled: there is no way to measure by.
 */
export function shiftOf(scored: Scored, variant: (typeof POST_PROCESSED)[number], score: Score): number | null {
  const [own, none] = [gain(scored, 'map', score), gain(scored, 'shuffled-100', score)];
  return own > none ? (gain(scored, variant, score) - own) / (own - none) : null;
}
