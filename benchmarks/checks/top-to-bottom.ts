import {
  type DatasetContent,
  defineCheck,
  type LogitsNetwork,
  mean,
  measure,
  NotApplicable,
  predict,
  replicates,
  type Verdict,
  verdictAgainst,
} from 'attribench';
import { type Leakage, leakageMeasures, leakageOf, leakageVerdict, masksOf } from './support/leakage.ts';

type Outcome = {
  readonly leakage: Leakage;
  readonly top: readonly number[];
  readonly bottom: readonly number[];
};

/**
 * A model that has only ever seen the signal on top has one place to look at: its maps should not leak.
 *
 * That it looks nowhere else is shown by its accuracy: at least 99 % on Top, chance on Bottom. Where a model
 * is shown to fail that premise the verdict is undecided, since the method is then judged on nothing known.
 */
export default defineCheck({
  id: 'top-to-bottom',
  title: 'No leakage where the signal never moves',
  cite: 'Shah, Jain, Netrapalli, NeurIPS 2021, section 5 (BlockMNIST-Top: 100 % on Top, about 55 % on Bottom)',
  revision: 1,
  subject: 'method',
  parameters: { bottom: 'blockmnist-bottom' },
  criterion:
    'At most half of chance (one quarter where the null block is half of the image) of the total |attribution| lies in the null block, for models with at least 99 % accuracy on Top and 40 to 60 % on Bottom.',
  primary: 'null-mass',
  columns: ['null-top-2.5', 'null-top-5', 'null-top-10'],
  evaluations: {
    premise: async (inputs, { stream }) => {
      const [network, maps] = [await inputs.network('weights'), await inputs.maps('maps')];
      const [top, bottom] = [await inputs.dataset('top'), await inputs.dataset('bottom')];
      const { signal: places } = masksOf(top.splits.test);
      const pixels = top.shape[0] * top.shape[1];
      if (places.some((place, i) => place !== places[i % pixels])) {
        throw new NotApplicable('the signal moves from image to image, and this check needs it always on top');
      }
      return {
        leakage: leakageOf(maps, top.splits.test, stream),
        top: await rightly(network, top),
        bottom: await rightly(network, bottom),
      };
    },
  },
  steps(plan) {
    const bottom = { id: String(plan.cell.check.parameters.bottom), parameters: plan.cell.dataset.parameters };
    return plan.trainings.map((t) =>
      plan.evaluate(
        'premise',
        { weights: plan.weights(t), maps: plan.maps(t), top: plan.dataset(), bottom: plan.dataset(bottom) },
        { training: t, cost: 0.6 },
      ),
    );
  },
  judge(outputs) {
    const values = replicates(outputs, (value) => value as Outcome);
    const { measures, notes } = leakageMeasures(
      values.map((value) => value?.leakage ?? null),
      { primary: true },
    );
    const accuracy = (side: 'top' | 'bottom') =>
      measure({
        id: `accuracy-${side}`,
        unit: 'accuracy',
        better: 'none',
        images: values.find((value) => value !== null)?.[side].length ?? 0,
        values: values.map((value) => (value === null ? null : mean(value[side]))),
      });
    const [top, bottom] = [accuracy('top'), accuracy('bottom')];
    const broken = [
      { side: 'Top', verdict: verdictAgainst(top, { atLeast: 0.99 }) },
      { side: 'Bottom', verdict: verdictAgainst(bottom, { atLeast: 0.4, atMost: 0.6 }) },
    ].filter(({ verdict }) => verdict === 'fail');
    const leakage = leakageVerdict(measures, 'null-mass');
    const verdict: Verdict = broken.length === 0 ? leakage : 'undecided';
    return {
      measures: [...measures, top, bottom],
      verdict,
      notes: [
        ...notes,
        ...broken.map(({ side }) => `Undecided: the models' accuracy on ${side} breaks the premise of the check.`),
      ],
    };
  },
});

/** By test image: 1 where the prediction is the label. */
async function rightly(network: LogitsNetwork, { splits: { test }, shape }: DatasetContent): Promise<number[]> {
  return Array.from(await predict(network, test, shape), (label, image) => (label === test.labels[image] ? 1 : 0));
}
