import { defineProfile } from 'attribench';

/**
 * DiffROAR for a first look, in minutes on two cores with the tensorflow engine: 3,000 training images, four epochs
 * of smaller batches a retraining, three levels, and the mask control at one of them.
 *
 * The controls do not look at the network (`linear-model` in its default sees no class either): they stand beside
 * the standard training and would give the same masks beside the robust one.
 */
export default defineProfile({
  id: 'diffroar-quick',
  title: 'DiffROAR, quick',
  cite: 'Shah, Jain, Netrapalli, NeurIPS 2021, section 4 (Fashion-MNIST, MLP), at a small scale of our choice',
  revision: 1,
  seed: 0,
  trainings: 3,
  parameters: {
    'fashion-mnist': { train: 3000, validation: 1000, test: 2000 },
    standard: { epochs: 10 },
    'pgd-l2': { epochs: 8, warmupEpochs: 2, eps: 1 },
    diffroar: {
      levels: [0.05, 0.1, 0.3],
      maskLevels: [0.1],
      roadLevels: [],
      rankings: [],
      epochs: 4,
      batchSize: 128,
    },
  },
  suites: [
    {
      dataset: { id: 'fashion-mnist' },
      models: [{ id: 'mlp' }],
      trainings: [{ id: 'standard' }],
      checks: [{ id: 'diffroar', methods: ['input-gradient', 'random', 'linear-model'] }],
    },
    {
      dataset: { id: 'fashion-mnist' },
      models: [{ id: 'mlp' }],
      trainings: [{ id: 'pgd-l2' }],
      checks: [{ id: 'diffroar', methods: ['input-gradient'] }],
    },
  ],
});
