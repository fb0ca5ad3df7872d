import { defineProfile } from 'attribench';

/**
 * The committed results: all methods on the paper's network on BlockMNIST, five trainings of each kind.
 *
 * Methods that look at an image many hundred times take fewer samples than by default, since at the defaults
 * seven of them would cost more than all others and the trainings together.
 * A narrow ResNet-18 (an eighth of the paper's width, three trainings) brings in the methods that need convolutions.
 * What training does to a map is asked of the methods and one control: the others do not look at the weights.
 */
export default defineProfile({
  id: 'standard',
  title: 'Standard',
  cite: 'BlockMNIST of Shah, Jain, Netrapalli, NeurIPS 2021, section 5, with digits from 10,000 images',
  revision: 2,
  seed: 0,
  trainings: 5,
  parameters: {
    'feature-permutation': { samples: 4 },
    'guided-integrated-gradients': { steps: 100 },
    'blur-integrated-gradients': { steps: 50 },
    'kernel-shap': { samples: 400 },
    lime: { samples: 400 },
    rise: { samples: 500 },
    'shapley-value-sampling': { samples: 4 },
  },
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
    {
      dataset: { id: 'blockmnist' },
      models: [{ id: 'resnet-18', parameters: { width: 8 } }],
      trainings: [{ id: 'standard' }, { id: 'pgd-l2' }],
      repeats: 3,
      checks: [
        {
          id: 'null-block-leakage',
          methods: [
            'input-gradient',
            'loss-gradient',
            'input-x-gradient',
            'integrated-gradients',
            'smooth-grad',
            'guided-backprop',
            'deconvolution',
            'lrp-epsilon',
            { id: 'occlusion', parameters: { stride: 4 } },
            'grad-cam',
            'grad-cam-plus-plus',
            'layer-cam',
            'score-cam',
            'guided-grad-cam',
            'full-grad',
            'random',
            'constant',
            'input',
            'sobel-edges',
            'centre',
            'oracle',
          ],
        },
        { id: 'null-block-zeroing' },
        { id: 'robust-accuracy' },
      ],
    },
  ],
});
