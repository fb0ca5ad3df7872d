/**
 * Figures 5 and 31 as measures over trainings, with criteria stated before measuring.
 *
 * The paper's figures are pictures without numbers; the criteria are ours, set from two independent reruns in other
 * frameworks. Where gradient descent is known to stop short of the max-margin network (the usual start),
 * the band is wide; where it should come near (small start), narrow.
 */
import { type Bound, type Measure, measure, type Verdict, verdictAgainst } from 'attribench';
import type { Finding } from '../../harness/study.ts';
import type { GradientFigures, NeuronFigures } from './figures-of-network.ts';
import type { TrainingSettings } from './train.ts';

/** One kind of network in the comparison. */
export interface Condition {
  readonly id: string;
  readonly title: string;
  readonly settings: TrainingSettings;
  readonly criteria: readonly Criterion[];
}

export type NetworkFigures = GradientFigures & NeuronFigures & { readonly accuracy: number; readonly loss: number };

export interface Criterion {
  readonly figure: keyof NetworkFigures;
  /** What is measured, in words. */
  readonly says: string;
  /** Absent: reported without a criterion. */
  readonly bound?: Bound;
}

/** Figure 5's setting: d = 10, d~ = 1, eta = 0, width 10,000. */
const PAPER = { model: 'one-hidden-layer', width: 10_000, blocks: 10, learningRate: 0.1 } as const;

/** Robust training costs nine gradients a step: narrower networks, so that all of this takes minutes, at a larger rate. */
const ROBUST = { ...PAPER, width: 1_000, learningRate: 0.3 } as const;

const RATIO = 'signal / other relevant gradient';
const LEAK = 'other relevant / signal gradient';
const ALL_RIGHT: Criterion = { figure: 'accuracy', says: 'accuracy', bound: { atLeast: 1 } };
const BIAS: Criterion = { figure: 'bias', says: 'mean b / |r| of the top 2 % neurons' };
const NEGATIVE: Criterion = { figure: 'negativeBiases', says: 'share of negative biases among them' };
const AXES: Criterion = { figure: 'axisAlignment', says: 'mean max |r_k| / |r| of the top 2 % neurons' };
const AXES_ALL: Criterion = { figure: 'axisAlignmentOfAll', says: 'the same over all neurons' };
const NEURONS = [BIAS, NEGATIVE, AXES, AXES_ALL];

/** Where the signal is not told from the other relevant coordinates, as Theorem 1 says. */
const leaks = (bound: Bound): readonly Criterion[] => [
  ALL_RIGHT,
  { figure: 'signalRatio', says: RATIO, bound },
  { figure: 'noiseToOther', says: 'noise / other relevant gradient', bound: { atMost: 0.06 } },
  { figure: 'topIsSignal', says: 'points whose top coordinate is the signal' },
  { figure: 'cosine', says: "cosine to Theorem 1's gradient" },
];

/** Where the gradient points at the signal, as the paper's Figure 5 shows for robust networks. */
const reveals: readonly Criterion[] = [
  ALL_RIGHT,
  { figure: 'leak', says: LEAK, bound: { atMost: 1 / 30 } },
  { figure: 'signalRatio', says: RATIO },
  { figure: 'noiseToSignal', says: 'noise / signal gradient', bound: { atMost: 0.03 } },
  { figure: 'topIsSignal', says: 'points whose top coordinate is the signal', bound: { atLeast: 1 } },
];

/** Linear, standard and robust networks, side by side. */
export const CONDITIONS: readonly Condition[] = [
  {
    id: 'linear',
    title: 'Linear, standard',
    settings: { ...PAPER, model: 'linear', width: 1, initialisation: 'torch-linear', steps: 3_000, eps: 0 },
    criteria: leaks({ atLeast: 0.99, atMost: 1.01 }),
  },
  {
    id: 'linear-linf-0.35',
    title: 'Linear, Linf eps 0.35',
    settings: { ...PAPER, model: 'linear', width: 1, initialisation: 'torch-linear', steps: 1_000, eps: 0.35 },
    criteria: [
      { figure: 'accuracy', says: 'accuracy' },
      { figure: 'signalRatio', says: RATIO },
      { figure: 'topIsSignal', says: 'points whose top coordinate is the signal' },
    ],
  },
  {
    id: 'standard',
    title: 'MLP, standard',
    settings: { ...PAPER, initialisation: 'torch-linear', steps: 2_000, eps: 0 },
    criteria: [...leaks({ atLeast: 0.8, atMost: 1.1 }), ...NEURONS],
  },
  {
    id: 'standard-small',
    title: 'MLP, standard, small start',
    settings: { ...PAPER, width: 1_000, initialisation: 'small', steps: 5_000, eps: 0 },
    criteria: [...leaks({ atLeast: 0.99, atMost: 1.01 }), ...NEURONS],
  },
  {
    id: 'linf-0.10',
    title: 'MLP, Linf eps 0.10',
    settings: { ...ROBUST, initialisation: 'torch-linear', steps: 1_000, eps: 0.1 },
    criteria: [...leaks({ atLeast: 0.8, atMost: 1.1 }), ...NEURONS],
  },
  {
    id: 'linf-0.35',
    title: 'MLP, Linf eps 0.35',
    settings: { ...ROBUST, initialisation: 'torch-linear', steps: 2_000, eps: 0.35 },
    criteria: [...reveals, ...NEURONS],
  },
];

/** As many full-batch steps as the networks of the paper's width are given. */
const PAPER_STEPS = 4_000;

/** The paper's width for standard and robust networks alike, the radii of its regime; criteria as above. */
export const PAPER_SCALE: readonly Condition[] = [
  {
    id: 'standard',
    title: 'MLP, standard',
    settings: { ...PAPER, initialisation: 'torch-linear', steps: PAPER_STEPS, eps: 0 },
    criteria: [...leaks({ atLeast: 0.8, atMost: 1.1 }), ...NEURONS],
  },
  ...[0.35, 0.45].map(
    (eps): Condition => ({
      id: `linf-${eps}`,
      title: `MLP, Linf eps ${eps}`,
      settings: { ...PAPER, initialisation: 'torch-linear', steps: PAPER_STEPS, eps },
      criteria: [...reveals, ...NEURONS],
    }),
  ),
];

const UNIT: { readonly [F in keyof NetworkFigures]?: Measure['unit'] } = {
  accuracy: 'accuracy',
  topIsSignal: 'share',
  negativeBiases: 'share',
  cosine: 'correlation',
  bias: 'logit',
};

/** One criterion over the trainings of a condition. */
export function judge(
  { figure, bound }: Criterion,
  trainings: readonly NetworkFigures[],
  points: number,
): { readonly measure: Measure; readonly verdict: Verdict | null } {
  const values = trainings.map((figures) => figures[figure]);
  const unit = UNIT[figure] ?? 'ratio';
  const result = measure({ id: figure, unit, better: 'none', images: points, values });
  if (bound === undefined) return { measure: result, verdict: null };
  // All points of the support are there: nothing is resolved to one point, so equal shares have no width.
  const whole = values.every((value) => value === values[0]) && (unit === 'share' || unit === 'accuracy');
  const value = values[0] ?? Number.NaN;
  return { measure: result, verdict: verdictAgainst(whole ? { ...result, interval: [value, value] } : result, bound) };
}

/** A line of the table for one criterion. */
export function findingOf(
  title: string,
  { says, bound }: Criterion,
  judged: ReturnType<typeof judge>,
  full: boolean,
): Finding {
  const { estimate, interval } = judged.measure;
  const range = interval === null ? '' : ` [${show(interval[0])}, ${show(interval[1])}]`;
  return {
    statement: `${title}: ${says}${bound === undefined ? '' : `, expected ${describeBound(bound)}`}`,
    outcome: `${show(estimate ?? Number.NaN)}${range}, n = ${judged.measure.n.models}`,
    status: full ? (judged.verdict ?? 'shown') : 'shown',
  };
}

function describeBound({ atLeast, atMost }: Bound): string {
  if (atLeast !== undefined && atMost !== undefined) return `${show(atLeast)} to ${show(atMost)}`;
  return atLeast === undefined ? `at most ${show(atMost ?? 0)}` : `at least ${show(atLeast)}`;
}

function show(value: number): string {
  return String(Number(value.toPrecision(3)));
}
