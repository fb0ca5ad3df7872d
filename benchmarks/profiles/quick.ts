import { defineProfile } from 'attribench';

/**
 * A minute or two on a CPU: a narrow network, ten epochs of adversarial training, three trainings.
 *
 * Occlusion covers an image by 32 squares of 7 x 7 pixels, instead of moving 4 x 4 pixels by 2, which alone would cost
 * a quarter of the run. Integrated gradients take 25 points instead of 50, and SmoothGrad 5 samples, captum's default, instead of 25.
 * On Top, leakage is measured by the check that also asks whether the model looks nowhere else, and by no other.
 * Maps of untrained networks double the cost of a method, so the check before and after training runs for the
 * method that the paper asks it of alone: a control's maps are the same before and after, as they look at no weights.
 */
export default defineProfile({
  id: 'quick',
  title: 'Quick',
  cite: 'BlockMNIST of Shah, Jain, Netrapalli, NeurIPS 2021, section 5, at a small scale of our choice',
  revision: 1,
  seed: 0,
  trainings: 3,
  methods: [
    'input-gradient',
    'loss-gradient',
    'input-x-gradient',
    'integrated-gradients',
    'smooth-grad',
    'smooth-grad-squared',
    'occlusion',
    'random',
    'constant',
    'input',
    'sobel-edges',
    'centre',
    'linear-model',
    'oracle',
  ],
  parameters: {
    occlusion: { window: 7, stride: 7 },
    'integrated-gradients': { steps: 25 },
    'smooth-grad': { samples: 5 },
    'smooth-grad-squared': { samples: 5 },
  },
  suites: [
    {
      dataset: { id: 'blockmnist' },
      models: [{ id: 'mlp-256' }],
      trainings: [{ id: 'standard' }, { id: 'pgd-l2', parameters: { epochs: 10 } }],
      checks: [
        { id: 'null-block-leakage' },
        { id: 'null-block-zeroing' },
        { id: 'robust-accuracy' },
        { id: 'before-after-training', methods: ['input-gradient'] },
      ],
    },
    {
      dataset: { id: 'blockmnist-top' },
      models: [{ id: 'mlp-256' }],
      trainings: [{ id: 'standard' }],
      checks: [{ id: 'top-to-bottom' }],
    },
  ],
});
