/** Remarks that a reader of a DiffROAR figure must see, in whole sentences. */
import type { Measure } from 'attribench';
import { percent, type Settings } from './diffroar-conditions.ts';
import type { Curve } from './diffroar-curve.ts';
import type { DiffRoarMeasures } from './diffroar-measures.ts';

export function notesOn(
  curves: readonly (Curve | null)[],
  measures: DiffRoarMeasures,
  settings: Settings,
): readonly string[] {
  if (curves.every((curve) => curve === null)) return [];
  const all = new Map(measures.all().map((found) => [found.id, found]));
  return [
    testsOfLevels(measures),
    ...(settings.retrain ? settings.maskLevels.map((level) => leak(all, percent(level))) : []),
    ...(settings.retrainings > 1 && settings.retrain ? [understatement(settings.retrainings)] : []),
    ...constantOnes(curves),
  ];
}

function testsOfLevels(measures: DiffRoarMeasures): string {
  const levels = measures
    .levelTests()
    .map(({ level, p }) => `${percent(level)} % ${p === null ? 'not tested' : `p = ${p.toPrecision(2)}`}`);
  return `Levels one by one are secondary: two-sided paired t tests of top against bottom over attribution models, Holm-adjusted over the levels: ${levels.join(', ')}.`;
}

function leak(all: ReadonlyMap<string, Measure>, at: number): string {
  const figure = (id: string) => all.get(`${id}-${at}`)?.estimate?.toFixed(3) ?? 'unknown';
  return `Mask control at ${at} %: networks that see the mask and no pixel reach ${figure('mask-top')} (top) and ${figure('mask-bottom')} (bottom), with the pixels beside it ${figure('image-mask-top')} and ${figure('image-mask-bottom')}.`;
}

function understatement(retrainings: number): string {
  return `The measure retraining-spread is the paper's error bar: the standard deviation over all ${retrainings} x ${retrainings} pairs of a top and a bottom retraining of one attribution model. It understates the error, since attribution models differ by more than retrainings of one do, and since pairs that share a retraining are not independent.`;
}

function constantOnes(curves: readonly (Curve | null)[]): string[] {
  const constant = curves.reduce((sum, curve) => sum + (curve?.constant ?? 0), 0);
  if (constant === 0) return [];
  return [
    `${constant} retrainings predict one class for every test image: what their masks left told them nothing, or they did not learn.`,
  ];
}
