import { defineCheck, measure, replicates, verdictAgainst } from 'attribench';

type Accuracies = { readonly clean: number; readonly robust: number; readonly images: number };

/**
 * Test accuracy, clean and under the training's own test adversary (for standard training that of pgd-l2).
 *
 * The paper's claims about robust models presuppose a model that is robust; where the line lies is our choice.
 */
export default defineCheck({
  id: 'robust-accuracy',
  title: 'Accuracy under attack',
  cite: 'Madry et al., "Towards Deep Learning Models Resistant to Adversarial Attacks", ICLR 2018',
  revision: 1,
  subject: 'model',
  criterion: 'At least 90 % of the test images are classified rightly at the end of a PGD attack of the given eps.',
  primary: 'robust-accuracy',
  evaluations: {
    accuracies: async (inputs): Promise<Accuracies> => {
      const { figures } = await inputs.training('weights');
      const { testAccuracy: clean, robustAccuracy: robust } = figures;
      if (clean === undefined || robust === undefined) {
        throw new Error(
          `[attribench] the training kept ${Object.keys(figures).join(', ')}, expected testAccuracy and robustAccuracy`,
        );
      }
      return { clean, robust, images: (await inputs.dataset('data')).splits.test.labels.length };
    },
  },
  steps: (plan) =>
    plan.trainings.map((t) => plan.evaluate('accuracies', { weights: plan.weights(t), data: plan.dataset() })),
  judge(outputs) {
    const values = replicates(outputs, (value) => value as Accuracies);
    const accuracy = (id: string, of: 'clean' | 'robust') =>
      measure({
        id,
        unit: 'accuracy',
        better: 'higher',
        ideal: 1,
        primary: of === 'robust',
        images: values.find((value) => value !== null)?.images ?? 0,
        values: values.map((value) => value?.[of] ?? null),
      });
    const robust = accuracy('robust-accuracy', 'robust');
    return {
      measures: [robust, accuracy('accuracy', 'clean')],
      verdict: verdictAgainst(robust, { atLeast: 0.9 }),
      notes: [],
    };
  },
});
