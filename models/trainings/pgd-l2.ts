import { DESCENT, defineTraining, trainByDescent } from 'attribench';

/**
 * Adversarial training in the L2 ball of radius eps = 2: every batch is replaced by its PGD images.
 *
 * Eps, 20 epochs and 3 epochs of warm-up (without which runs at this learning rate may learn nothing or
 * diverge) are our choice: the paper's text holds no figures for MNIST. Eight steps of eps/4 without
 * random start as in the paper; robust accuracy is measured with the same adversary.
 */
export default defineTraining({
  id: 'pgd-l2',
  title: 'PGD L2',
  cite: 'Madry et al., "Towards Deep Learning Models Resistant to Adversarial Attacks", ICLR 2018; Shah, Jain, Netrapalli, NeurIPS 2021, section 4',
  revision: 1,
  parameters: { ...DESCENT, epochs: 20, warmupEpochs: 3, eps: 2, steps: 8 },
  passes: ({ epochs, steps }) => epochs * (1 + (2 / 3) * steps),
  train: (request) => {
    const { eps, steps, ...settings } = request.parameters;
    const adversary = { norm: 'l2', eps, steps } as const;
    return trainByDescent(request, { settings, adversary, testAdversary: adversary });
  },
});
