import { DESCENT, defineTraining, trainByDescent } from 'attribench';

/**
 * Plain SGD until the mean training cross-entropy falls below 0.001.
 *
 * At most 100 epochs (the paper's reproduction allows 500): our choice for this scale. Robust accuracy is measured
 * with the adversary of `pgd-l2`, so that the two trainings can be compared.
 */
export default defineTraining({
  id: 'standard',
  title: 'Standard',
  cite: 'Shah, Jain, Netrapalli, "Do Input Gradients Highlight Discriminative Features?", NeurIPS 2021, section 4',
  revision: 1,
  parameters: { ...DESCENT, epochs: 100, testEps: 2, testSteps: 8 },
  passes: ({ epochs }) => epochs,
  train: (request) => {
    const { testEps, testSteps, ...settings } = request.parameters;
    const testAdversary = { norm: 'l2', eps: testEps, steps: testSteps } as const;
    return trainByDescent(request, { settings, adversary: null, testAdversary });
  },
});
