/**
 * Networks of finite width beside Theorem 1: linear, standard and robust (Figures 5 and 31).
 */
import * as Plot from '@observablehq/plot';
import type { Study, StudyRequest, StudyResult } from '../../harness/study.ts';
import { byContribution, gradientFigures, neuronFigures } from '../finite-width/figures-of-network.ts';
import { CONDITIONS, type Condition, findingOf, judge, type NetworkFigures } from '../finite-width/measures.ts';
import type { Trained } from '../finite-width/train.ts';
import { trainAll } from '../finite-width/train-all.ts';
import { logitGradient, type Neurons } from '../neurons.ts';
import { COLOURS, GRID, INK, picture } from '../plot.ts';

/** Trainings a condition. */
const TRAININGS = 5;

/** In quick form: narrow networks and few steps, which show the machinery and are judged by no criterion. */
const QUICK = { width: 100, steps: 100, conditions: ['linear', 'standard', 'linf-0.35'] };

/** Neurons of Figure 31's picture: the largest of the first training. */
const SHOWN_NEURONS = 300;

interface Outcome {
  readonly condition: Condition;
  readonly figures: readonly NetworkFigures[];
  readonly first: Neurons;
}

const study: Study = {
  id: 'finite-width',
  title: 'Finite width',
  cite: 'Shah, Jain, Netrapalli, NeurIPS 2021, section 6 and appendix F, Figures 5 and 31',
  revision: 1,
  order: 4,
  run: (request) =>
    compare(request.quick ? reduced(CONDITIONS) : CONDITIONS, TRAININGS, request, ['figure-5', 'figure-31']),
};

export default study;

/** Trains every condition so many times, judges its criteria, and draws both figures under the given names. */
export async function compare(
  conditions: readonly Condition[],
  trainings: number,
  { quick, engine, workers, signal, progress }: StudyRequest,
  [nameOfFigure5, nameOfFigure31]: readonly [string, string],
): Promise<StudyResult> {
  const identity = await engine();
  const trained = await trainAll(
    conditions.flatMap(({ settings }) => Array.from({ length: trainings }, (_, training) => ({ settings, training }))),
    { engine: identity.name, workers, signal, progress },
  );
  const outcomes = conditions.map((condition, i): Outcome => {
    const networks = trained.slice(i * trainings, (i + 1) * trainings);
    const figures = networks.map(({ neurons, accuracy, loss }) => ({
      ...gradientFigures(neurons),
      ...neuronFigures(neurons),
      accuracy,
      loss,
    }));
    return { condition, figures, first: (networks[0] as Trained).neurons };
  });
  const judged = outcomes.map(({ condition, figures }) => ({
    condition,
    figures,
    criteria: condition.criteria.map((criterion) => ({
      criterion,
      judged: judge(criterion, figures, condition.settings.blocks),
    })),
  }));
  return {
    findings: judged.flatMap(({ condition, criteria }) =>
      criteria.map((one) => findingOf(condition.title, one.criterion, one.judged, !quick)),
    ),
    record: {
      engine: { name: identity.name, version: identity.version },
      trainings,
      conditions: judged.map(({ condition, figures, criteria }) => ({
        id: condition.id,
        title: condition.title,
        settings: { ...condition.settings },
        figures: figures.map((one) => ({ ...one })),
        criteria: criteria.map(({ criterion, judged: { measure, verdict } }) => ({
          measure: { ...measure, replicates: measure.replicates.map((one) => ({ ...one })) },
          bound: criterion.bound === undefined ? null : { ...criterion.bound },
          verdict: quick ? null : verdict,
        })),
      })),
    },
    figures: { [nameOfFigure5]: figure5(outcomes), [nameOfFigure31]: figure31(outcomes) },
  };
}

/** Narrow networks and few steps. */
export function reduced(conditions: readonly Condition[]): readonly Condition[] {
  return conditions
    .filter(({ id }) => QUICK.conditions.includes(id))
    .map((condition) => ({
      ...condition,
      settings: { ...condition.settings, width: QUICK.width, steps: QUICK.steps },
    }));
}

/** |gradient| by coordinate at x = e_1, each network's largest made 1. */
function figure5(outcomes: readonly Outcome[]): string {
  const bars = outcomes.flatMap(({ condition, first }) => {
    const x = Float64Array.from({ length: first.inputs }, (_, k) => (k === 0 ? 1 : 0));
    const sizes = logitGradient(first, x).map(Math.abs);
    const largest = Math.max(...sizes);
    return Array.from(sizes, (size, k) => ({
      network: condition.title,
      coordinate: k + 1,
      size: size / largest,
      part: k === 0 ? 0 : k < first.inputs / 2 ? 1 : 2,
    }));
  });
  return picture(
    'Input gradients at x = e₁ (Figure 5)',
    'Size of the logit gradient by coordinate, the largest of each network made 1; first training of each.',
    ['signal', 'other relevant', 'noise'].map((name, i) => ({ name, colour: COLOURS[[1, 0, 5][i] ?? 0] as string })),
    {
      width: 900,
      height: 110 * outcomes.length + 40,
      marginLeft: 60,
      marginRight: 190,
      x: { label: 'coordinate', tickSize: 0 },
      y: { domain: [0, 1], ticks: 2, label: null },
      fy: { domain: outcomes.map(({ condition }) => condition.title), label: null },
      marks: [
        Plot.gridY({ stroke: GRID, strokeOpacity: 1, ticks: 2 }),
        Plot.barY(bars, {
          fy: 'network',
          x: 'coordinate',
          y: 'size',
          fill: ({ part }: { part: number }) => COLOURS[[1, 0, 5][part] ?? 0] as string,
        }),
        Plot.ruleY([0], { stroke: INK }),
      ],
    },
  );
}

/** Alignment with an axis against bias, one dot a neuron, the largest neurons alone. */
function figure31(outcomes: readonly Outcome[]): string {
  const networks = outcomes.filter(({ first }) => first.w.length > 1);
  const dots = networks.flatMap(({ condition, first }) => {
    const { inputs, r, b, w } = first;
    const order = byContribution(first).subarray(0, SHOWN_NEURONS);
    return Array.from(order, (i) => {
      const row = r.subarray(i * inputs, (i + 1) * inputs);
      const length = Math.hypot(...row);
      return {
        network: condition.title,
        bias: Number(((b[i] ?? 0) / length).toFixed(4)),
        alignment: Number((Math.max(...row.map(Math.abs)) / length).toFixed(4)),
        positive: (w[i] ?? 0) > 0,
      };
    });
  });
  return picture(
    'Neurons that carry the function (Figure 31)',
    `The ${SHOWN_NEURONS} neurons with the largest |w| |(r, b)| of each network's first training.`,
    [
      { name: 'w > 0', colour: COLOURS[0] },
      { name: 'w < 0', colour: COLOURS[1] },
    ],
    {
      width: 900,
      height: 150 * networks.length + 40,
      marginRight: 190,
      x: { label: 'b / |r|', grid: false },
      y: { label: 'max |rₖ| / |r|', domain: [0.3, 1] },
      fy: { domain: networks.map(({ condition }) => condition.title), label: null },
      marks: [
        Plot.gridY({ stroke: GRID, strokeOpacity: 1, ticks: 4 }),
        Plot.ruleX([0], { stroke: GRID }),
        Plot.dot(dots, {
          fy: 'network',
          x: 'bias',
          y: 'alignment',
          r: 1.8,
          fill: ({ positive }: { positive: boolean }) => (positive ? COLOURS[0] : COLOURS[1]),
          fillOpacity: 0.6,
        }),
      ],
    },
  );
}
