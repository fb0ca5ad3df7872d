import {
  allPass,
  type CellPlan,
  defineCheck,
  mean,
  measure,
  type Parameters,
  POST_PROCESSED,
  replicates,
  type Step,
  UsageError,
  verdictAgainst,
} from 'attribench';
import { LEVELS } from './support/leakage.ts';
import {
  byVariant,
  inversionsOf,
  leakageScores,
  orderOf,
  SCORES,
  type Score,
  type Scored,
  shiftOf,
  VARIANTS,
} from './support/robustness.ts';

const DEFAULTS = { score: 'null-mass' as string, level: 0.1, epochs: 8 };
const ORDER = 0.9;
const SHIFT = 0.1;
const SIDES = ['top', 'bottom'] as const;

/**
 * A check of a score, on one method's maps: does it see that a map was made worse, and is it moved by a map's looks?
 *
 * Degraded maps have 25, 50, 75 and 100 % of their values shuffled, a known order. Post-processed maps are blurred,
 * pooled or quantised: they know nothing that the map does not. `score` is 'null-mass', 'null-top' (the share of the
 * top `level` in the null block) or 'diffroar' at that level, which retrains twice for each of eight maps. A verdict
 * is the score's, not the method's; where the map scores no better than shuffled, there is none.
 */
export default defineCheck({
  id: 'score-robustness',
  title: 'Robustness of a score',
  cite: 'Song, Cha, Seo, "On Pitfalls of RemOve-And-Retrain: a data processing inequality perspective", arXiv 2304.13836; Zheng et al., "F-Fidelity", ICLR 2025',
  revision: 1,
  subject: 'method',
  parameters: DEFAULTS,
  criterion:
    'The score orders the map and its four degradations as they were made (mean Spearman correlation at least .9), and no post-processing raises it by more than a tenth of the way from the shuffled map to the map.',
  primary: 'order',
  columns: ['inversions', ...POST_PROCESSED.map((variant) => `shift-${variant}`)],
  evaluations: {
    leakage: async (inputs, { check, stream }) => {
      const { splits } = await inputs.dataset('data');
      return leakageScores(await inputs.maps('maps'), splits.test, { ...settingsOf(check), stream });
    },
    retrained: async (inputs) => {
      const { labels } = (await inputs.dataset('data')).splits.test;
      const accuracies = new Map<string, number>();
      for (const name of VARIANTS.flatMap((variant) => SIDES.map((side) => `${variant} ${side}`))) {
        const predicted = await inputs.predictions(name);
        accuracies.set(name, mean(predicted.map((label, image) => (label === labels[image] ? 1 : 0))));
      }
      const side = (name: string) => accuracies.get(name) ?? Number.NaN;
      const scores = byVariant((variant) => side(`${variant} top`) - side(`${variant} bottom`));
      return { images: labels.length, chance: 0, scores };
    },
  },
  steps(plan) {
    const { score } = settingsOf(plan.cell.check.parameters);
    return plan.trainings.map((t) => {
      const given = { maps: plan.maps(t), data: plan.dataset() };
      return score === 'diffroar'
        ? plan.evaluate('retrained', { ...given, ...retrainings(plan, t) }, { training: t })
        : plan.evaluate('leakage', given, { training: t, cost: 5 });
    });
  },
  judge(outputs, cell) {
    const { score } = settingsOf(cell.check.parameters);
    const values = replicates(outputs, (value) => value as Scored);
    const first = values.find((value) => value !== null);
    const over = (figure: (scored: Scored) => number | null) =>
      values.map((scored) => (scored === null ? null : figure(scored)));
    const images = first?.images ?? 0;
    const order = measure({
      id: 'order',
      unit: 'correlation',
      better: 'higher',
      chance: 0,
      ideal: 1,
      primary: true,
      images,
      values: over((scored) => orderOf(scored, score)),
    });
    const inversions = measure({
      id: 'inversions',
      unit: 'ratio',
      better: 'lower',
      chance: 0.5,
      ideal: 0,
      images,
      values: over((scored) => inversionsOf(scored, score)),
    });
    const shifts = POST_PROCESSED.map((variant) =>
      measure({
        id: `shift-${variant}`,
        unit: 'ratio',
        better: 'lower',
        ideal: 0,
        range: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
        images,
        values: over((scored) => shiftOf(scored, variant, score)),
      }),
    );
    const scores = VARIANTS.map((variant) =>
      measure({
        id: variant === 'map' ? 'score' : `score-${variant}`,
        unit: score === 'diffroar' ? 'accuracy' : 'share',
        better: 'none',
        chance: first?.chance ?? null,
        ...(score === 'diffroar' ? { range: [-1, 1] as const } : {}),
        images,
        values: over((scored) => scored.scores[variant]),
      }),
    );
    const unordered = values.filter((scored) => scored !== null && shiftOf(scored, 'blurred', score) === null).length;
    return {
      measures: [order, inversions, ...shifts, ...scores],
      verdict:
        unordered > 0
          ? 'undecided'
          : allPass(
              verdictAgainst(order, { atLeast: ORDER }),
              ...shifts.map((shift) => verdictAgainst(shift, { atMost: SHIFT })),
            ),
      notes: [
        'The verdict is on the score, not on the method.',
        ...(unordered === 0
          ? []
          : [
              `In ${unordered} of ${values.length} trainings the map scores no better than with its values shuffled: the score has no order to keep.`,
            ]),
      ],
    };
  },
});

/** The parameters, refused where they mean nothing. Errors: UsageError. */
function settingsOf(parameters: Parameters): {
  readonly score: Score;
  readonly level: number;
  readonly percent: number;
} {
  const { score: asked, level } = parameters as typeof DEFAULTS;
  const percent = Number((100 * level).toPrecision(6));
  const score = SCORES.find((one) => one === asked);
  if (score === undefined) {
    throw new UsageError(
      `[attribench] check "score-robustness": score is ${JSON.stringify(asked)}, expected one of ${SCORES.join(', ')}`,
    );
  }
  const known = score !== 'null-top' || LEVELS.some((one) => one === percent);
  if (!(level > 0 && level < 1 && known)) {
    throw new UsageError(
      `[attribench] check "score-robustness": level is ${level}, expected a share between 0 and 1, for null-top one of ${LEVELS.map((one) => one / 100).join(', ')}`,
    );
  }
  return { score, level, percent };
}

function retrainings(plan: CellPlan, t: number): { readonly [input: string]: Step } {
  const { level, epochs } = plan.cell.check.parameters as typeof DEFAULTS;
  return Object.fromEntries(
    VARIANTS.flatMap((variant) =>
      SIDES.map((side) => {
        const ranking = variant === 'map' ? 'image' : variant;
        return [`${variant} ${side}`, plan.retrain(t, { retraining: 0, level, side, ranking, settings: { epochs } })];
      }),
    ),
  );
}
