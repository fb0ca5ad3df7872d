/**
 * What a DiffROAR check retrains on: one condition a level, side, ranking, removal and input.
 */
import {
  type Masking,
  type Parameters,
  type Ranking,
  type Removal,
  type Role,
  type Side,
  UsageError,
} from 'attribench';

/** The parameters of the check. */
export type Settings = {
  /** Shares of the coordinates that stay unmasked. */
  readonly levels: readonly number[];
  /** Levels of the mask control. */
  readonly maskLevels: readonly number[];
  /** Levels with ROAD's imputation in the place of `removal`. */
  readonly roadLevels: readonly number[];
  /** Masks that carry less of the prediction, and their levels. */
  readonly rankings: readonly Exclude<Ranking, 'image'>[];
  readonly rankingLevels: readonly number[];
  /** Rankings that, where they are run, get a mask control of their own at `rankingLevels`. */
  readonly maskRankings: readonly Exclude<Ranking, 'image'>[];
  /** Levels of the mask control, where it is run, that a control of the benchmark gets: it is spared the others. */
  readonly controlMaskLevels: readonly number[];
  readonly removal: Removal;
  /** False: the attribution model itself predicts the masked test images. */
  readonly retrain: boolean;
  /** Retrainings of each condition for each attribution model. */
  readonly retrainings: number;
  /** Of a retraining, as of every training. */
  readonly epochs: number;
  readonly learningRate: number;
  readonly batchSize: number;
  readonly weightDecay: number;
  readonly cropPadding: number;
  readonly flip: boolean;
};

/** A retraining's masking, under the name that its measures carry. */
export interface Condition extends Masking {
  /** `top-5`, `mask-bottom-10`, `road-top-10`, `class-top-5`, `full-top`. */
  readonly id: string;
}

/** The levels whose mean is the primary measure, where the settings have them. */
const PRIMARY: readonly number[] = [0.05, 0.1, 0.2];

/** The kinds of curves beside the paper's own, by the prefix of their measures. */
export const MASK_CONTROL = { 'image-mask-': 'image+mask', 'mask-': 'mask' } as const;

const SIDES: readonly Side[] = ['top', 'bottom'];

/** The check's parameters, without mask controls of what is not run; refused where they mean nothing. Errors: UsageError. */
export function settingsOf(parameters: Parameters): Settings {
  const settings = parameters as Settings;
  for (const name of ['levels', 'maskLevels', 'roadLevels', 'rankingLevels', 'controlMaskLevels'] as const) {
    const levels = settings[name];
    const fits = levels.every((level, i) => level > 0 && level < 1 && level > (levels[i - 1] ?? 0));
    if (!fits) {
      throw new UsageError(
        `[attribench] check "diffroar": ${name} is ${JSON.stringify(levels)}, expected ascending shares between 0 and 1`,
      );
    }
  }
  if (primaryLevels(settings).length === 0) {
    throw new UsageError(
      `[attribench] check "diffroar": levels is ${JSON.stringify(settings.levels)}, expected one of ${PRIMARY.join(', ')} among them`,
    );
  }
  if (!(Number.isInteger(settings.retrainings) && settings.retrainings >= 1)) {
    throw new UsageError(
      `[attribench] check "diffroar": retrainings is ${settings.retrainings}, expected an integer from 1`,
    );
  }
  return {
    ...settings,
    maskRankings: settings.maskRankings.filter((ranking) => settings.rankings.includes(ranking)),
    controlMaskLevels: settings.controlMaskLevels.filter((level) => settings.maskLevels.includes(level)),
  };
}

/**
 * What is run for a method in this role. A control stands beside the curves to be ranked there: what its own maps
 * would tell under other rankings and imputation is nobody's question, and a third of all retrainings.
 */
export function settingsFor(settings: Settings, role: Role | null): Settings {
  if (role !== 'control') return settings;
  return { ...settings, maskLevels: settings.controlMaskLevels, roadLevels: [], rankings: [], maskRankings: [] };
}

/** The levels of the primary measure: 5, 10 and 20 % unmasked, or those of them that are run. */
export function primaryLevels({ levels }: Pick<Settings, 'levels'>): readonly number[] {
  return levels.filter((level) => PRIMARY.includes(level));
}

/** A share as a percentage without trailing digits: 0.05 is 5, 0.025 is 2.5. */
export function percent(share: number): number {
  return Number((100 * share).toPrecision(6));
}

/** All conditions: the curve, its controls, the masks that carry less, and everything unmasked, drawn twice. */
export function conditionsOf(settings: Settings): readonly Condition[] {
  const { levels, maskLevels, roadLevels, rankings, rankingLevels, maskRankings, removal, retrain } = settings;
  const plain = { ranking: 'image', removal, input: 'image' } as const;
  const curve = pairs('', levels, plain);
  if (!retrain) return curve;
  return [
    ...curve,
    ...maskControl('', maskLevels, 'image'),
    ...pairs('road-', roadLevels, { ...plain, removal: 'road' }),
    ...rankings.flatMap((ranking) => pairs(`${ranking}-`, rankingLevels, { ...plain, ranking })),
    ...maskRankings.flatMap((ranking) => maskControl(`${ranking}-`, rankingLevels, ranking)),
    ...SIDES.map((side) => ({ ...plain, id: `full-${side}`, level: 1, side })),
  ];
}

/** Mask and pixels beside the mask alone, under one ranking. */
function maskControl(prefix: string, levels: readonly number[], ranking: Ranking): Condition[] {
  return Object.entries(MASK_CONTROL).flatMap(([control, input]) =>
    pairs(`${prefix}${control}`, levels, { ranking, removal: 'zero', input }),
  );
}

function pairs(
  prefix: string,
  levels: readonly number[],
  masking: Pick<Masking, 'ranking' | 'removal' | 'input'>,
): Condition[] {
  return levels.flatMap((level) =>
    SIDES.map((side) => ({ ...masking, id: `${prefix}${side}-${percent(level)}`, level, side })),
  );
}
