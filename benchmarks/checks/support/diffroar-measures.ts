/**
 * From the curves of several attribution models to measures: DiffROAR, its controls and its errors.
 *
 * Every difference is formed within an attribution model and only then averaged: comparisons are paired by
 * training. Accuracies are means over the retrainings of a condition.
 */
import { holm, type Measure, type MeasureDefinition, mean, measure, pairedComparison } from 'attribench';
import { MASK_CONTROL, percent, primaryLevels, type Settings } from './diffroar-conditions.ts';
import type { Curve } from './diffroar-curve.ts';

type Figure = (curve: Curve) => number;

/** Measures over trainings; null stands for an excluded training. */
export class DiffRoarMeasures {
  readonly #curves: readonly (Curve | null)[];
  readonly #settings: Settings;

  constructor(curves: readonly (Curve | null)[], settings: Settings) {
    this.#curves = curves;
    this.#settings = settings;
  }

  /** All measures, the primary one first. */
  all(): readonly Measure[] {
    const { levels, maskLevels, roadLevels, rankings, rankingLevels, maskRankings, retrain } = this.#settings;
    return [
      this.primary(),
      ...levels.flatMap((level) => this.#pair('', level)),
      ...this.#areas(),
      ...this.#errors(),
      ...(retrain
        ? [
            ...maskLevels.flatMap((level) => this.#maskControl('', level)),
            ...roadLevels.flatMap((level) => this.#pair('road-', level)),
            ...rankings.flatMap((ranking) =>
              rankingLevels.map((level) =>
                this.#difference(`diffroar-${ranking}-${percent(level)}`, difference(`${ranking}-`, level)),
              ),
            ),
            ...maskRankings.flatMap((ranking) =>
              rankingLevels.flatMap((level) => this.#maskControl(`${ranking}-`, level)),
            ),
            ...this.#full(),
          ]
        : []),
    ];
  }

  /** Mean DiffROAR over the primary levels. */
  primary(): Measure {
    return this.#difference('diffroar', this.#primaryFigure(), { primary: true });
  }

  #primaryFigure(): Figure {
    const figures = primaryLevels(this.#settings).map((level) => difference('', level));
    return (curve) => mean(figures.map((figure) => figure(curve)));
  }

  /** `top-5`, `bottom-5` and `diffroar-5`, each under a prefix. */
  #pair(prefix: string, level: number): Measure[] {
    const at = percent(level);
    return [
      this.#difference(`${prefix}diffroar-${at}`, difference(prefix, level)),
      this.#accuracy(`${prefix}top-${at}`, accuracyOf(`${prefix}top-${at}`), 'higher'),
      this.#accuracy(`${prefix}bottom-${at}`, accuracyOf(`${prefix}bottom-${at}`), 'lower'),
    ];
  }

  /** What networks with the mask alone reach, those with the pixels beside it, and what the pixels add. */
  #maskControl(ranking: string, level: number): Measure[] {
    const at = percent(level);
    const controls = Object.keys(MASK_CONTROL).map((control) => `${ranking}${control}`);
    const added = (side: string): Figure => {
      const [both, alone] = controls.map((prefix) => accuracyOf(`${prefix}${side}-${at}`));
      return (curve) => (both?.(curve) ?? Number.NaN) - (alone?.(curve) ?? Number.NaN);
    };
    const sides = ['top', 'bottom'] as const;
    const pixels = `${ranking}pixels-`;
    return [
      ...controls.flatMap((prefix) =>
        sides.map((side) => this.#accuracy(`${prefix}${side}-${at}`, accuracyOf(`${prefix}${side}-${at}`), 'none')),
      ),
      ...sides.map((side) => this.#difference(`${pixels}${side}-${at}`, added(side), { better: 'none' })),
      this.#difference(`${pixels}diffroar-${at}`, (curve) => added('top')(curve) - added('bottom')(curve)),
    ];
  }

  /** Areas under the curves over the levels run, as mean accuracies: KAR keeps the top, ROAR removes it. */
  #areas(): Measure[] {
    const kar = this.#area('top');
    const roar = this.#area('bottom');
    return [
      this.#difference('area', (curve) => kar(curve) - roar(curve)),
      this.#accuracy('kar', kar, 'higher'),
      this.#accuracy('roar', roar, 'lower'),
    ];
  }

  #area(side: 'top' | 'bottom'): Figure {
    const { levels } = this.#settings;
    return (curve) =>
      trapezoid(
        levels,
        levels.map((level) => accuracyOf(`${side}-${percent(level)}`)(curve)),
      );
  }

  /** What test images and retrainings leave open within one attribution model. */
  #errors(): Measure[] {
    const { levels, retrain, retrainings } = this.#settings;
    const imageError = (id: string, pair: string) =>
      this.#accuracy(id, ({ imageError: errors }) => errors[pair] ?? Number.NaN, 'none');
    const spread = () => this.#accuracy('retraining-spread', (curve) => spreadOfPairs(curve, this.#settings), 'none');
    return [
      imageError('image-error', 'primary'),
      ...levels.map((level) => imageError(`image-error-${percent(level)}`, String(percent(level)))),
      ...(retrain && retrainings > 1 ? [spread()] : []),
    ];
  }

  #full(): Measure[] {
    const [first, second] = [accuracyOf('full-top'), accuracyOf('full-bottom')];
    return [
      this.#accuracy('full', (curve) => (first(curve) + second(curve)) / 2, 'none'),
      this.#difference('full-difference', (curve) => first(curve) - second(curve), { better: 'none' }),
    ];
  }

  /** Of each level: the p value of the paired t test of top against bottom, Holm-adjusted over the levels. */
  levelTests(): readonly { readonly level: number; readonly p: number | null }[] {
    const { levels } = this.#settings;
    const over = (figure: Figure) => this.#curves.map((curve) => (curve === null ? null : figure(curve)));
    const ps = levels.map((level) => {
      const [top, bottom] = (['top', 'bottom'] as const).map((side) => over(accuracyOf(`${side}-${percent(level)}`)));
      return pairedComparison(top ?? [], bottom ?? []).p;
    });
    return holm(ps).map((p, i) => ({ level: levels[i] ?? Number.NaN, p }));
  }

  #accuracy(id: string, figure: Figure, better: Measure['better']): Measure {
    return this.#measure({ id, better }, figure);
  }

  #difference(id: string, figure: Figure, more: { better?: Measure['better']; primary?: boolean } = {}): Measure {
    return this.#measure({ id, better: 'higher', chance: 0, range: [-1, 1], ...more }, figure);
  }

  #measure(facts: Pick<MeasureDefinition, 'id' | 'better'> & Partial<MeasureDefinition>, figure: Figure): Measure {
    return measure({
      unit: 'accuracy',
      images: this.#curves.find((curve) => curve !== null)?.images ?? 0,
      retrainings: this.#settings.retrain ? this.#settings.retrainings : 0,
      ...facts,
      values: this.#curves.map((curve) => (curve === null ? null : figure(curve))),
    });
  }
}

function accuracyOf(condition: string): Figure {
  return ({ accuracy }) => {
    const values = accuracy[condition];
    if (values === undefined) throw new Error(`[attribench] check "diffroar": no accuracy of "${condition}"`);
    return mean(values);
  };
}

/** Accuracy under the top less that under the bottom. */
function difference(prefix: string, level: number): Figure {
  const at = percent(level);
  const [top, bottom] = [accuracyOf(`${prefix}top-${at}`), accuracyOf(`${prefix}bottom-${at}`)];
  return (curve) => top(curve) - bottom(curve);
}

/** Mean of a curve over the range of its levels, by the trapezoid rule; of one level, its value. */
function trapezoid(levels: readonly number[], values: readonly number[]): number {
  if (levels.length === 1) return values[0] ?? Number.NaN;
  let sum = 0;
  for (let i = 1; i < levels.length; i++) {
    const width = (levels[i] as number) - (levels[i - 1] as number);
    sum += (width * ((values[i] as number) + (values[i - 1] as number))) / 2;
  }
  return sum / ((levels.at(-1) as number) - (levels[0] as number));
}

/**
 * The paper's own error bar, as its authors' code has it: the standard deviation (divisor n) over all pairs of
 * a top and a bottom retraining of one attribution model, here of the mean over the primary levels.
 */
function spreadOfPairs({ accuracy }: Curve, settings: Settings): number {
  const { retrainings } = settings;
  const meanOver = (side: string, r: number) =>
    mean(primaryLevels(settings).map((level) => accuracy[`${side}-${percent(level)}`]?.[r] ?? Number.NaN));
  const indices = Array.from({ length: retrainings }, (_, r) => r);
  const pairs = indices.flatMap((i) => indices.map((j) => meanOver('top', i) - meanOver('bottom', j)));
  const centre = mean(pairs);
  return Math.sqrt(mean(pairs.map((value) => (value - centre) ** 2)));
}
