/**
 * The robust conjecture of Appendix F, as reconstructed: proved, refuted or open at every (d, eps) of a grid.
 */
import type { Study } from '../../harness/study.ts';
import { conjectureGrid, QUICK_DIMENSIONS, QUICK_RADII } from '../conjecture/grid.ts';
import { summary } from '../conjecture/summary.ts';
import { flawOf } from '../conjecture/verify.ts';

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
    return summary(points);
  },
};

export default study;
