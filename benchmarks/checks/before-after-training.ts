import {
  type AttributionMaps,
  allPass,
  defineCheck,
  type Measure,
  mean,
  measure,
  replicates,
  spearman,
  splitInMemory,
  verdictAgainst,
} from 'attribench';
import { type Leakage, leakageMeasures, leakageOf } from './support/leakage.ts';

type Change = {
  /** L2 norms of the maps. */
  readonly normBefore: readonly number[];
  readonly normAfter: readonly number[];
  /** Rank correlations of the map before and after; null where one of the two is constant. */
  readonly magnitude: readonly (number | null)[];
  readonly signed: readonly (number | null)[];
  readonly foreground: readonly (number | null)[];
  readonly before: Leakage;
  readonly after: Leakage;
};

/** What stands here of all that null-block-leakage measures. */
const LEAKAGE = ['null-mass', 'null-top-10', 'saturated-10'];

/**
 * Whether a map changes by training at all: its scale, and its order of the coordinates.
 *
 * The correlation is that of |map|, averaged over images; beside it stand the signed map and the coordinates
 * where the image is not zero, since a background where every map is zero looks like agreement. No measure
 * ranks methods here: a map that knows nothing, drawn anew, is as uncorrelated as any.
 */
export default defineCheck({
  id: 'before-after-training',
  title: 'Maps before and after training',
  cite: 'Shah, Jain, Netrapalli, NeurIPS 2021, appendix D.3',
  revision: 1,
  subject: 'method',
  criterion:
    'The norm of the maps after training is at least 10 times that before, and the rank correlation of |map| before and after lies within 0.1 of zero.',
  primary: 'rank-correlation',
  evaluations: {
    change: async (inputs, { stream }) => {
      const [before, after] = [await inputs.maps('before'), await inputs.maps('after')];
      const { test } = (await inputs.dataset('data')).splits;
      return {
        ...changeOf(before, after, splitInMemory(test).images),
        before: leakageOf(before, test, stream),
        after: leakageOf(after, test, stream),
      };
    },
  },
  steps: (plan) =>
    plan.trainings.map((t) =>
      plan.evaluate(
        'change',
        { before: plan.maps(t, { weights: 'initial' }), after: plan.maps(t), data: plan.dataset() },
        { training: t, cost: 2 },
      ),
    ),
  judge(outputs) {
    const values = replicates(outputs, (value) => value as Change);
    const images = values.find((value) => value !== null)?.normAfter.length ?? 0;
    const over = (figure: (change: Change) => number | null) =>
      values.map((change) => (change === null ? null : figure(change)));
    const correlation = (id: string, of: 'magnitude' | 'signed' | 'foreground'): Measure =>
      measure({
        id,
        unit: 'correlation',
        better: 'none',
        chance: 0,
        ideal: 0,
        primary: of === 'magnitude',
        images,
        values: over((change) => meanOfDefined(change[of])),
      });
    const ratio = measure({
      id: 'norm-ratio',
      unit: 'ratio',
      better: 'none',
      images,
      values: over(({ normBefore, normAfter }) => ratioOfMeans(normAfter, normBefore)),
    });
    const ranks = correlation('rank-correlation', 'magnitude');
    const leakage = (['before', 'after'] as const).flatMap((when) => {
      const leakages = values.map((value) => value?.[when] ?? null);
      const { measures } = leakageMeasures(leakages, { prefix: `${when}-`, primary: false });
      return measures.filter(({ id }) => LEAKAGE.includes(id.slice(when.length + 1)));
    });
    const correlations = values.flatMap((value) => value?.magnitude ?? []);
    const constant = correlations.filter((rho) => rho === null).length;
    return {
      measures: [
        ranks,
        correlation('rank-correlation-signed', 'signed'),
        correlation('rank-correlation-foreground', 'foreground'),
        ratio,
        ...leakage,
      ],
      verdict: allPass(verdictAgainst(ratio, { atLeast: 10 }), verdictAgainst(ranks, { atLeast: -0.1, atMost: 0.1 })),
      notes:
        constant === 0
          ? []
          : [
              `${constant} of ${correlations.length} maps are constant before or after training and have no rank correlation: they are left out of it.`,
            ],
    };
  },
});

function changeOf(
  before: AttributionMaps,
  after: AttributionMaps,
  images: Float32Array | Uint8Array,
): Omit<Change, 'before' | 'after'> {
  const size = before.shape[0] * before.shape[1] * before.shape[2];
  if (before.values.length !== images.length || after.values.length !== images.length) {
    throw new Error(
      `[attribench] got maps of ${before.values.length} and ${after.values.length} entries for images of ${images.length}, expected as many`,
    );
  }
  const normBefore: number[] = [];
  const normAfter: number[] = [];
  const magnitude: (number | null)[] = [];
  const signed: (number | null)[] = [];
  const foreground: (number | null)[] = [];
  for (let from = 0; from < images.length; from += size) {
    const [b, a] = [before.values.subarray(from, from + size), after.values.subarray(from, from + size)];
    const [sizeBefore, sizeAfter] = [magnitudes(b), magnitudes(a)];
    const shown = places(size, (i) => images[from + i] !== 0);
    normBefore.push(norm(b));
    normAfter.push(norm(a));
    magnitude.push(spearman(sizeBefore, sizeAfter));
    signed.push(spearman(b, a));
    foreground.push(spearman(at(sizeBefore, shown), at(sizeAfter, shown)));
  }
  return { normBefore, normAfter, magnitude, signed, foreground };
}

// Loops over typed arrays below: callbacks took a third of this check's time.

function norm(values: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] as number) ** 2;
  return Math.sqrt(sum);
}

function magnitudes(values: Float32Array): Float32Array {
  const result = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) result[i] = Math.abs(values[i] as number);
  return result;
}

function places(count: number, holds: (place: number) => boolean): readonly number[] {
  const found: number[] = [];
  for (let i = 0; i < count; i++) if (holds(i)) found.push(i);
  return found;
}

function at(values: Float32Array, chosen: readonly number[]): Float32Array {
  const result = new Float32Array(chosen.length);
  for (let i = 0; i < chosen.length; i++) result[i] = values[chosen[i] as number] as number;
  return result;
}

/** Mean of what is defined; null where nothing is. */
function meanOfDefined(values: readonly (number | null)[]): number | null {
  const defined = values.filter((value) => value !== null);
  return defined.length === 0 ? null : mean(defined);
}

/** Mean norm over mean norm; null where the maps below are all zero. */
function ratioOfMeans(above: readonly number[], below: readonly number[]): number | null {
  const divisor = mean(below);
  return divisor === 0 ? null : mean(above) / divisor;
}
