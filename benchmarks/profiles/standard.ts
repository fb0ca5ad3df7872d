import { defineProfile } from 'attribench';

/**
 * The committed results: the paper's network on BlockMNIST, five trainings of each kind.
 *
 * What training does to a map is asked of the methods and one control: the others do not look at the weights.
 */
export default defineProfile({
  id: 'standard',
  title: 'Standard',
  cite: 'BlockMNIST of Shah, Jain, Netrapalli, NeurIPS 2021, section 5, with digits from 10,000 images',
  revision: 1,
  seed: 0,
  trainings: 5,
  methods: [
    'input-gradient',
    'loss-gradient',
    'input-x-gradient',
    'integrated-gradients',
    'smooth-grad',
    'smooth-grad-squared',
    'occlusion',
    'guided-backprop',
    'lrp-epsilon',
    'random',
    'constant',
    'input',
    'sobel-edges',
    'centre',
    'linear-model',
    'oracle',
  ],
  suites: [
    {
      dataset: { id: 'blockmnist' },
      models: [{ id: 'mlp' }],
      trainings: [{ id: 'standard' }, { id: 'pgd-l2' }, { id: 'pgd-linf' }],
      checks: [
        { id: 'null-block-leakage' },
        { id: 'null-block-zeroing' },
        { id: 'robust-accuracy' },
        {
          id: 'before-after-training',
          methods: [
            'input-gradient',
            'loss-gradient',
            'input-x-gradient',
            'integrated-gradients',
            'smooth-grad',
            'smooth-grad-squared',
            'occlusion',
            'guided-backprop',
            'lrp-epsilon',
            'random',
          ],
        },
      ],
    },
    {
      dataset: { id: 'blockmnist-top' },
      models: [{ id: 'mlp' }],
      trainings: [{ id: 'standard' }],
      checks: [{ id: 'null-block-leakage' }, { id: 'top-to-bottom' }],
    },
  ],
});
