/** The goals of the report and whether the measured rows meet them: pure functions of the parts' rows. */
import { number, percent, table, withRange } from './part.ts';
import type { Spread } from './spread.ts';

export interface Goal {
  /** What is measured: 'MLP 784 training, tensorflow / PyTorch'. */
  readonly what: string;
  /** Whether the number should lie below or above the bound. */
  readonly sense: 'at most' | 'at least';
  readonly bound: number;
  /** Shares are shown in percent. */
  readonly unit?: 'share';
  /** null where it was not measured. */
  readonly measured: Spread | null;
  /** What ours would measure if it did nothing but its products and convolutions, at the machine's best; see contest/limit.ts. */
  readonly reach?: number | undefined;
}

/** A part's goals, or why there are none. */
export interface PartGoals {
  readonly part: string;
  readonly goals: readonly Goal[];
}

/** Judged by the median; a range that reaches over the bound is said beside it. */
export function judgement({ sense, bound, measured, reach }: Goal): string {
  if (measured === null) return 'not measured';
  const meets = (value: number) => (sense === 'at most' ? value <= bound : value >= bound);
  const never = !meets(measured.low) && !meets(measured.high);
  if (never && reach !== undefined && !meets(reach)) return '**missed**, out of reach';
  const verdict = meets(measured.median) ? 'met' : '**missed**';
  return meets(measured.low) === meets(measured.high) ? verdict : `${verdict}, not in every round`;
}

/** One line a goal: goal, measured number with spread, n, met or missed. */
export function goalsTable(parts: readonly PartGoals[]): string {
  return table(
    ['part', 'goal', 'bound', 'measured', 'n', 'products alone', 'verdict'],
    parts.flatMap(({ part, goals }) =>
      goals.map((goal) => {
        const { what, sense, bound, unit, measured, reach } = goal;
        const show = unit === 'share' ? percent : withRange;
        return [
          part,
          what,
          `${sense} ${unit === 'share' ? `${number(100 * bound)} %` : number(bound)}`,
          measured === null ? '' : show(measured),
          measured === null ? '' : String(measured.n),
          measured === null || reach === undefined ? '' : number(reach),
          judgement(goal),
        ];
      }),
    ),
  );
}
