/**
 * From the outputs of a check's steps to measures and verdicts.
 *
 * A replicate is one training. A training that was excluded by rule stays in view as null and lowers
 * the number of valid ones; it is never averaged.
 */
import type { EvaluationOutput, Json, Measure, Verdict } from '../contracts.ts';
import { NotApplicable } from '../errors.ts';
import { type Interval, mean, tInterval } from './intervals.ts';

const LEVEL = 0.95;

/**
 * The values of evaluation outputs, one a training in the plan's order; null where it was excluded.
 *
 * A skipped output makes the whole cell not applicable: throws NotApplicable with its reason.
 */
export function replicates<T>(outputs: readonly EvaluationOutput[], read: (value: Json) => T): (T | null)[] {
  return outputs.map((output, training) => {
    if (output.status === 'skipped') throw new NotApplicable(output.reason);
    if (output.status === 'excluded') return null;
    if (output.value === undefined) {
      throw new Error(`[attribench] the evaluation of training ${training} returned nothing, expected a JSON value`);
    }
    return read(output.value);
  });
}

/** What is measured, and one value a planned training. */
export interface MeasureDefinition {
  readonly id: string;
  readonly unit: Measure['unit'];
  readonly better: Measure['better'];
  /** What a map that knows nothing scores; null (the default) where there is no such value. */
  readonly chance?: number | null;
  /** What a perfect map scores; null (the default) where there is no such value. */
  readonly ideal?: number | null;
  readonly primary?: boolean;
  /** Number of images behind each value. */
  readonly images: number;
  /** Retrainings behind each value; 0 (the default) where none is made. */
  readonly retrainings?: number;
  /** Where the number can lie; the range of its unit by default. A difference of accuracies is from -1 to 1. */
  readonly range?: Interval;
  /** One a training; null where the training was excluded or the number is not defined. */
  readonly values: readonly (number | null)[];
}

/**
 * A measure over trainings: mean and 95 % t interval, cut to the range of its unit.
 *
 * Values that are all equal leave t without a width, although as many models would differ on other images.
 * For a share or an accuracy, a mean over images, the interval then reaches one image to either side: what
 * so many images cannot resolve. (Simulated at 425 images and 3 trainings, this covers an accuracy of 99.95 %
 * always; without it the interval covers it in 47 % of runs.) In other units it has no width, and says so.
 */
export function measure(definition: MeasureDefinition): Measure {
  const { id, unit, better, images, values } = definition;
  const numbers = values.filter((value) => value !== null);
  for (const value of numbers) {
    if (!Number.isFinite(value)) throw new RangeError(`[attribench] measure "${id}": got ${value}, expected a number`);
  }
  const { interval, method } = intervalOf(numbers, definition.range ?? RANGES[unit], unit, images);
  return {
    id,
    unit,
    better,
    chance: definition.chance ?? null,
    ideal: definition.ideal ?? null,
    primary: definition.primary ?? false,
    estimate: numbers.length === 0 ? null : mean(numbers),
    interval,
    intervalMethod: method,
    n: { models: numbers.length, retrainings: definition.retrainings ?? 0, images },
    replicates: values.map((value, training) => ({ training, retraining: null, value })),
  };
}

const RANGES: Readonly<Record<Measure['unit'], Interval>> = {
  share: [0, 1],
  accuracy: [0, 1],
  correlation: [-1, 1],
  ratio: [0, Number.POSITIVE_INFINITY],
  count: [0, Number.POSITIVE_INFINITY],
  logit: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
};

function intervalOf(
  values: readonly number[],
  [low, high]: Interval,
  unit: Measure['unit'],
  images: number,
): { interval: Interval | null; method: string } {
  const interval = tInterval(values, LEVEL);
  if (interval === null) return { interval, method: 'none: fewer than 3 valid trainings' };
  const cut = (margin: number): Interval => [Math.max(low, interval[0] - margin), Math.min(high, interval[1] + margin)];
  if (values.some((value) => value !== values[0])) return { interval: cut(0), method: 't over trainings, 95 %' };
  return unit === 'share' || unit === 'accuracy'
    ? { interval: cut(1 / images), method: 'one image to either side: all trainings are equal' }
    : { interval: cut(0), method: 'of no width: all trainings are equal' };
}

/** The good side of a criterion, ends included; both given make a band. */
export interface Bound {
  readonly atLeast?: number;
  readonly atMost?: number;
}

/**
 * Pass where the whole interval lies on the good side, fail where it lies wholly on a bad side, else
 * undecided; undecided too with fewer than 3 valid trainings or fewer than 80 % of those planned.
 */
export function verdictAgainst(
  { interval, n, replicates }: Pick<Measure, 'interval' | 'n' | 'replicates'>,
  bound: Bound,
): Verdict {
  const planned = new Set(replicates.map(({ training }) => training)).size;
  if (interval === null || n.models < 3 || n.models < 0.8 * planned) return 'undecided';
  const { atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY } = bound;
  const [low, high] = interval;
  if (low >= atLeast && high <= atMost) return 'pass';
  return high < atLeast || low > atMost ? 'fail' : 'undecided';
}

/** The verdict on several criteria that must all hold. */
export function allPass(...verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes('fail')) return 'fail';
  return verdicts.every((verdict) => verdict === 'pass') ? 'pass' : 'undecided';
}
