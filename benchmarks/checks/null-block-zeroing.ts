import { defineCheck, mean, measure, predict, replicates, verdictAgainst } from 'attribench';
import { withoutNullBlock } from './support/zeroing.ts';

/**
 * Whether a model ignores the null block: the share of test images whose prediction stays when the block is
 * set to zero. Only then does attribution there point at something that the model does not use.
 */
export default defineCheck({
  id: 'null-block-zeroing',
  title: 'Predictions without the null block',
  cite: 'Shah, Jain, Netrapalli, NeurIPS 2021, section 5: predictions unchanged "on almost every instance"',
  revision: 1,
  subject: 'model',
  criterion: 'At least 99 % of the predictions stay the same when the null block is set to zero.',
  primary: 'unchanged',
  evaluations: {
    unchanged: async (inputs) => {
      const network = await inputs.network('weights');
      const { splits, shape } = await inputs.dataset('data');
      const whole = await predict(network, splits.test, shape);
      const zeroed = await predict(network, withoutNullBlock(splits.test, shape), shape);
      return Array.from(whole, (label, image) => (label === zeroed[image] ? 1 : 0));
    },
  },
  steps: (plan) =>
    plan.trainings.map((t) => plan.evaluate('unchanged', { weights: plan.weights(t), data: plan.dataset() })),
  judge(outputs) {
    const values = replicates(outputs, (value) => value as readonly number[]);
    const unchanged = measure({
      id: 'unchanged',
      unit: 'share',
      better: 'higher',
      ideal: 1,
      primary: true,
      images: values.find((value) => value !== null)?.length ?? 0,
      values: values.map((value) => (value === null ? null : mean(value))),
    });
    return { measures: [unchanged], verdict: verdictAgainst(unchanged, { atLeast: 0.99 }), notes: [] };
  },
});
