/**
 * How networks of finite width come near Theorem 1's gradient as width and training grow.
 */
import * as Plot from '@observablehq/plot';
import { mean, tInterval } from 'attribench';
import type { Finding, Study } from '../../harness/study.ts';
import { type GradientFigures, gradientFigures } from '../finite-width/figures-of-network.ts';
import type { Start, TrainingSettings } from '../finite-width/train.ts';
import { trainAll } from '../finite-width/train-all.ts';
import { COLOURS, GRID, picture } from '../plot.ts';

const TRAININGS = 3;

export interface Plan {
  readonly widths: readonly number[];
  readonly steps: readonly number[];
}

export const FULL: Plan = { widths: [10, 30, 100, 300, 1_000, 3_000, 10_000], steps: [20, 200, 2_000] };
const QUICK: Plan = { widths: [10, 100, 1_000], steps: [10, 100] };

/** The rate at which a start stays stable up to width 10,000. */
const STARTS: readonly { readonly initialisation: Start; readonly learningRate: number }[] = [
  { initialisation: 'torch-linear', learningRate: 0.1 },
  { initialisation: 'small', learningRate: 0.05 },
];

const START_TITLE: Readonly<Record<Start, string>> = {
  'torch-linear': 'usual start',
  small: 'small start',
};

export interface Point {
  readonly start: Start;
  readonly width: number;
  readonly steps: number;
  /** One a training. */
  readonly figures: readonly GradientFigures[];
}

const study: Study = {
  id: 'width-sweep',
  title: 'Width and length of training',
  cite: 'Shah, Jain, Netrapalli, NeurIPS 2021, section 6, Theorem 1 and Figure 5',
  revision: 1,
  order: 5,
  run: async ({ quick, engine, workers, signal, progress }) => {
    const identity = await engine();
    const plan = quick ? QUICK : FULL;
    const settings = STARTS.flatMap((start) =>
      plan.widths.flatMap((width) =>
        plan.steps.map(
          (steps): TrainingSettings => ({
            ...start,
            model: 'one-hidden-layer',
            blocks: 10,
            eps: 0,
            width,
            steps,
          }),
        ),
      ),
    );
    const trained = await trainAll(
      settings.flatMap((one) => Array.from({ length: TRAININGS }, (_, training) => ({ settings: one, training }))),
      { engine: identity.name, workers, signal, progress },
    );
    const points = settings.map(({ initialisation, width, steps }, i): Point => {
      const networks = trained.slice(i * TRAININGS, (i + 1) * TRAININGS);
      return { start: initialisation, width, steps, figures: networks.map(({ neurons }) => gradientFigures(neurons)) };
    });
    return {
      findings: findingsOf(points, plan),
      record: {
        engine: { name: identity.name, version: identity.version },
        trainings: TRAININGS,
        blocks: 10,
        starts: STARTS.map((start) => ({ ...start })),
        points: points.map(({ figures, ...point }) => ({ ...point, figures: figures.map((one) => ({ ...one })) })),
      },
      figures: { 'width-sweep': sweep(points) },
    };
  },
};

export default study;

/** Whether the distance falls with the width, early and late in training, and with the length of training. */
export function findingsOf(points: readonly Point[], { widths, steps }: Plan): readonly Finding[] {
  const [narrow, wide, short, long] = [widths[0], widths.at(-1), steps[0], steps.at(-1)];
  return STARTS.flatMap(({ initialisation }) => {
    const distances = (width: number | undefined, length: number | undefined) =>
      points
        .filter((point) => point.start === initialisation && point.width === width && point.steps === length)
        .flatMap(({ figures }) => figures.map(({ distance }) => distance));
    const line = (claim: string, from: readonly number[], to: readonly number[]): Finding => ({
      statement: `${START_TITLE[initialisation]}: distance to Theorem 1's direction falls ${claim}`,
      outcome: `${show(from)} to ${show(to)}, n = ${to.length}`,
      status: falls(from, to),
    });
    return [
      line(`from width ${narrow} to ${wide}, after ${short} steps`, distances(narrow, short), distances(wide, short)),
      line(`from width ${narrow} to ${wide}, after ${long} steps`, distances(narrow, long), distances(wide, long)),
      line(`from ${short} to ${long} steps, at width ${narrow}`, distances(narrow, short), distances(narrow, long)),
      line(`from ${short} to ${long} steps, at width ${wide}`, distances(wide, short), distances(wide, long)),
    ];
  });
}

/** Paired by training: whether the distance fell, by the interval of its differences. */
function falls(from: readonly number[], to: readonly number[]): 'pass' | 'fail' | 'undecided' {
  const interval = tInterval(from.map((value, t) => value - (to[t] ?? Number.NaN)));
  if (interval === null) return 'undecided';
  if (interval[0] > 0) return 'pass';
  return interval[1] < 0 ? 'fail' : 'undecided';
}

function show(values: readonly number[]): string {
  return mean(values).toPrecision(3);
}

function sweep(points: readonly Point[]): string {
  const lengths = [...new Set(points.map(({ steps }) => steps))];
  const colour = (steps: number) => COLOURS[lengths.indexOf(steps)] ?? COLOURS[0];
  const rows = points.flatMap(({ start, width, steps, figures }) =>
    figures.map(({ distance }) => ({ start: START_TITLE[start], width, steps, distance })),
  );
  const means = points.map(({ start, width, steps, figures }) => ({
    start: START_TITLE[start],
    width,
    steps,
    distance: mean(figures.map(({ distance }) => distance)),
  }));
  return picture(
    "Distance of the input gradient from Theorem 1's direction",
    '|g / |g| - ubar|, mean over the support, d = 10; dots: trainings, lines: their means. Full-batch steps:',
    lengths.map((steps) => ({ name: `${steps}`, colour: colour(steps) })),
    {
      width: 900,
      height: 380,
      x: { type: 'log', label: 'width' },
      y: { type: 'log', label: 'distance', tickFormat: (distance: number) => String(distance) },
      fx: { label: null },
      marks: [
        Plot.gridY({ stroke: GRID, strokeOpacity: 1 }),
        Plot.line(means, {
          fx: 'start',
          x: 'width',
          y: 'distance',
          z: 'steps',
          stroke: ({ steps }: { steps: number }) => colour(steps),
        }),
        Plot.dot(rows, {
          fx: 'start',
          x: 'width',
          y: 'distance',
          r: 2.5,
          fill: ({ steps }: { steps: number }) => colour(steps),
        }),
      ],
    },
  );
}
