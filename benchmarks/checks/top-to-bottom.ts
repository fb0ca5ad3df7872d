import {
  type DatasetContent,
  defineCheck,
  type Images,
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

/** By test image of Top and of Bottom: 1 where the prediction is the label. */
type Premise = {
  readonly top: readonly number[];
  readonly bottom: readonly number[];
  readonly classes: number;
};

type Outcome = Premise & { readonly leakage: Leakage };

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
  revision: 2,
  subject: 'method',
  parameters: { bottom: 'blockmnist-bottom' },
  criterion:
    'At most half of chance (one quarter where the null block is half of the image) of the total |attribution| lies in the null block, for models with at least 99 % accuracy on Top and within 10 points of chance (one in the number of classes) on Bottom.',
  primary: 'null-mass',
  columns: ['null-top-2.5', 'null-top-5', 'null-top-10'],
  evaluations: {
    premise: async (inputs): Promise<Premise> => {
      const network = await inputs.network('weights');
      const [top, bottom] = [await inputs.dataset('top'), await inputs.dataset('bottom')];
      return {
        top: await rightly(network, top),
        bottom: await rightly(network, bottom),
        classes: top.classes.length,
      };
    },
    leakage: async (inputs, { stream }): Promise<Outcome> => {
      const [premise, maps] = [(await inputs.value('premise')) as Premise, await inputs.maps('maps')];
      const { shape, splits } = await inputs.dataset('top');
      const { signal: places } = masksOf(splits.test);
      const pixels = shape[0] * shape[1];
      if (places.some((place, i) => place !== places[i % pixels])) {
        throw new NotApplicable('the signal moves from image to image, and this check needs it always on top');
      }
      return { ...premise, leakage: leakageOf(maps, splits.test, stream) };
    },
  },
  steps(plan) {
    const bottom = { id: String(plan.cell.check.parameters.bottom), parameters: plan.cell.dataset.parameters };
    return plan.trainings.map((t) => {
      const premise = plan.evaluate(
        'premise',
        { weights: plan.weights(t), top: plan.dataset(), bottom: plan.dataset(bottom) },
        { cost: 0.3 },
      );
      return plan.evaluate('leakage', { premise, maps: plan.maps(t), top: plan.dataset() }, { training: t, cost: 0.2 });
    });
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
    const guess = 1 / (values.find((value) => value !== null)?.classes ?? 2);
    const broken = [
      { side: 'Top', verdict: verdictAgainst(top, { atLeast: 0.99 }) },
      { side: 'Bottom', verdict: verdictAgainst(bottom, { atLeast: guess - 0.1, atMost: guess + 0.1 }) },
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
async function rightly(network: LogitsNetwork, { splits: { test }, shape }: DatasetContent<Images>): Promise<number[]> {
  return Array.from(await predict(network, test, shape), (label, image) => (label === test.labels[image] ? 1 : 0));
}
