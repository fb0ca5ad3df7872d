/**
 * The robust conjecture of Appendix F, as reconstructed: proved, refuted or open at every (d, eps) of a grid.
 */
import type { Json } from 'attribench';
import type { Finding, Study } from '../../harness/study.ts';
import { conjectureMap, decimal } from '../conjecture/figure.ts';
import { conjectureGrid, type GridPoint, type GridStatus, QUICK_DIMENSIONS, QUICK_RADII } from '../conjecture/grid.ts';
import { flawOf } from '../conjecture/verify.ts';

const OUTCOME: Readonly<Record<GridStatus, Finding['status']>> = {
  refuted: 'refuted',
  'proved optimal': 'proved',
  open: 'open',
};

const study: Study = {
  id: 'conjecture',
  title: 'Robust conjecture',
  cite: 'Shah, Jain, Netrapalli, NeurIPS 2021, appendix F, Conjecture 1 and Lemma 1 as reconstructed',
  revision: 1,
  order: 6,
  run: async ({ quick, signal, progress }) => {
    const points = await conjectureGrid(
      { signal, ...(quick ? { dimensions: QUICK_DIMENSIONS, radii: QUICK_RADII } : {}) },
      ({ done, total, note }) => progress((0.9 * done) / total, note),
    );
    for (const [at, point] of points.entries()) {
      signal.throwIfAborted();
      progress(0.9 + (0.1 * at) / points.length, `checking d = ${point.d}, eps = ${point.eps} from its record`);
      const flaw = flawOf(point);
      if (flaw) throw new Error(`[attribench] conjecture: d = ${point.d}, eps = ${point.eps} does not hold: ${flaw}`);
    }
    return {
      findings: [...new Set(points.map(({ d }) => d))].flatMap((d) =>
        findingsAt(points.filter((point) => point.d === d)),
      ),
      record: { points: points as unknown as Json },
      figures: { conjecture: conjectureMap(points) },
    };
  },
};

export default study;

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
      open: `at eps = ${radii}`,
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
