import guidedBackprop from './guided-backprop.ts';
import { BY_DEFINITION } from './support/literature.ts';
import { noiseTunnel } from './support/noise-tunnel.ts';

/** Guided backpropagation averaged over noisy copies of the image. */
export default noiseTunnel(guidedBackprop, {
  id: 'smooth-guided-backprop',
  title: 'SmoothGrad over guided backprop',
  cite: 'Smilkov, Thorat, Kim, Viégas, Wattenberg, "SmoothGrad: removing noise by adding noise", arXiv 1706.03825, 2017, where the two are combined',
  revision: 1,
  failures: [
    { text: 'Equal coordinates get unequal noise.', cite: BY_DEFINITION, axiom: 'symmetry' },
    {
      text: 'It looks at the units, not at the function, as guided backprop does.',
      cite: BY_DEFINITION,
      axiom: 'implementation-invariance',
    },
  ],
});
