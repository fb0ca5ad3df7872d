import { defineCheck, replicates } from 'attribench';
import { type Leakage, leakageMeasures, leakageOf, leakageVerdict } from './support/leakage.ts';

/**
 * Leakage of a method's maps into a block of the image that carries no information.
 *
 * The primary measure is the share of total |attribution| in the null block. The paper's proxy, the share of
 * the top-k coordinates there, stands beside it at every level (`null-top-10` is k = 10 %); see
 * support/leakage.ts for what saturates it.
 */
export default defineCheck({
  id: 'null-block-leakage',
  title: 'Leakage into the null block',
  cite: 'Shah, Jain, Netrapalli, "Do Input Gradients Highlight Discriminative Features?", NeurIPS 2021, section 5',
  revision: 1,
  subject: 'method',
  criterion:
    'At most half of chance (one quarter where the null block is half of the image) of the total |attribution| lies in the null block: midway between a perfect map, which puts nothing there, and one that knows nothing.',
  primary: 'null-mass',
  columns: ['null-top-2.5', 'null-top-5', 'null-top-10'],
  evaluations: {
    leakage: async (inputs, { stream }) => {
      const [maps, data] = [await inputs.maps('maps'), await inputs.dataset('data')];
      return leakageOf(maps, data.splits.test, stream);
    },
  },
  steps: (plan) =>
    plan.trainings.map((t) =>
      plan.evaluate('leakage', { maps: plan.maps(t), data: plan.dataset() }, { training: t, cost: 0.5 }),
    ),
  judge(outputs) {
    const values = replicates(outputs, (value) => value as Leakage);
    const { measures, notes } = leakageMeasures(values, { primary: true });
    return { measures, verdict: leakageVerdict(measures, 'null-mass'), notes };
  },
});
