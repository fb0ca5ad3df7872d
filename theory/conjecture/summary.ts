/** What a settled grid says: findings a dimension, the record, the map. */
import type { Json } from 'attribench';
import type { Finding, StudyResult } from '../../harness/study.ts';
import { conjectureMap, decimal } from './figure.ts';
import type { GridPoint, GridStatus } from './grid.ts';

const OUTCOME: Readonly<Record<GridStatus, Finding['status']>> = {
  refuted: 'refuted',
  'proved optimal': 'proved',
  open: 'open',
};

export function summary(points: readonly GridPoint[]): StudyResult {
  return {
    findings: [...new Set(points.map(({ d }) => d))].flatMap((d) =>
      findingsAt(points.filter((point) => point.d === d)),
    ),
    record: { points: points.map(asJson) },
    figures: { conjecture: conjectureMap(points) },
  };
}

function asJson({ lower, upper, ...rest }: GridPoint): Json {
  return {
    ...rest,
    lower: { ...lower, orbits: lower.orbits.map((orbit) => ({ ...orbit })) },
    upper: upper && { ...upper, orbits: upper.orbits.map((orbit) => ({ ...orbit })) },
  };
}

/** One line a status, of one dimension. */
function findingsAt(points: readonly GridPoint[]): Finding[] {
  return (['refuted', 'proved optimal', 'open'] as const).flatMap((status) => {
    const those = points.filter((point) => point.status === status);
    const closest = those.reduce<GridPoint | undefined>(
      (a, b) => (a && a.lower.share <= b.lower.share ? a : b),
      undefined,
    );
    if (!closest) return [];
    const radii = those.map(({ eps }) => decimal(eps)).join(', ');
    const outcome = {
      refuted: `at eps = ${radii}; closest: ${closest.lower.share} times its margin at ${decimal(closest.eps)}, ${described(closest)}`,
      'proved optimal': `at eps = ${radii}; the optimum is unique`,
      open: those
        .map(
          (point) => `eps = ${decimal(point.eps)}: at most ${point.upper?.share ?? 'any number of'} times its margin`,
        )
        .join(', '),
    }[status];
    return [{ statement: `The conjectured network is optimal at d = ${closest.d}`, outcome, status: OUTCOME[status] }];
  });
}

/** The network's orbits, as (direction; bias) with coefficients. */
function described({ lower }: GridPoint): string {
  const orbits = lower.orbits.map(
    ({ direction, bias, coefficient }) =>
      `${coefficient === '1' ? '' : `${coefficient} `}(${direction.join(', ')}; ${bias})`,
  );
  return `${lower.network} network ${orbits.join(' + ')}`;
}
