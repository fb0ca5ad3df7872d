/**
 * About how long steps take here: by what the same work took before, else by its arithmetic.
 *
 * The rate of the arithmetic is that of earlier trainings on this engine, else a share of the rate at which
 * it multiplies matrices. What is neither known nor arithmetic keeps the plan's rough guess.
 */
import type { Step, StepKind } from '../contracts.ts';
import { networksOf } from '../steps/stacks.ts';
import { type Timings, timingName } from '../steps/timings.ts';
import type { Work } from './work.ts';

/** The share of the matrix multiplication rate that a training reaches; measured at about 0.7 on the MLP. */
const TRAINING_SHARE = 0.7;

/** Under this name an engine's rate is kept among the timings: floating-point operations a second of trainings, or of stacked ones. */
export function rateName(engine: string, kind: StepKind = 'retraining'): string {
  return `rate of ${kind === 'stacked-retraining' ? 'stacked ' : ''}trainings · ${engine}`;
}

/** Seconds of each step by key; `matmul` is the measured rate, null where it was not measured. */
export function secondsOf(
  steps: readonly Step[],
  work: ReadonlyMap<string, Work>,
  timings: Timings,
  matmul: number | null,
): ReadonlyMap<string, number> {
  const seconds = (step: Step): number => {
    const before = timings[timingName(step)];
    if (before !== undefined) return before;
    const flop = work.get(step.key)?.flop ?? null;
    const engine = step.engine?.name ?? '';
    const rate =
      timings[rateName(engine, step.kind)] ??
      timings[rateName(engine)] ??
      (matmul === null ? null : TRAINING_SHARE * matmul);
    return flop === null || rate === null ? step.cost : flop / rate;
  };
  return new Map(steps.map((step) => [step.key, seconds(step)]));
}

/** Floating-point operations a second of computed retrainings, alone and stacked, by the name of the engine's rate. */
export function ratesOf(
  computed: readonly { readonly step: Step; readonly seconds: number }[],
  work: ReadonlyMap<string, Work>,
): Timings {
  const sums = new Map<string, { flop: number; seconds: number }>();
  for (const { step, seconds } of computed) {
    const flop = work.get(step.key)?.flop ?? null;
    // Retrainings run all their epochs; a training may stop early, and its arithmetic is only a bound.
    if (networksOf(step) === 0 || flop === null || step.engine === null) continue;
    const name = rateName(step.engine.name, step.kind);
    const sum = sums.get(name) ?? { flop: 0, seconds: 0 };
    sums.set(name, { flop: sum.flop + flop, seconds: sum.seconds + seconds });
  }
  return Object.fromEntries([...sums].map(([name, sum]) => [name, sum.flop / sum.seconds]));
}

/** Rough seconds of a run: the steps' work over the workers, but no less than the longest chain of them. */
export function runSeconds(steps: readonly Step[], seconds: ReadonlyMap<string, number>, workers: number): number {
  const until = new Map<string, number>();
  let work = 0;
  for (const { key, inputs } of steps) {
    const own = seconds.get(key) ?? 0;
    work += own;
    const before = Object.values(inputs).map((input) => until.get(input.key) ?? 0);
    until.set(key, Math.max(0, ...before) + own);
  }
  return Math.max(work / workers, ...until.values());
}
