import inputXGradient from './input-x-gradient.ts';
import { BY_DEFINITION } from './support/literature.ts';
import { noiseTunnel } from './support/noise-tunnel.ts';

/** Noise tunnel over input x gradient; over the input gradient it would be smooth-grad. */
export default noiseTunnel(inputXGradient, {
  id: 'noise-tunnel',
  title: 'Noise tunnel over input x gradient',
  cite: 'Smilkov, Thorat, Kim, Viégas, Wattenberg, "SmoothGrad: removing noise by adding noise", arXiv 1706.03825, 2017, section 3; composition after captum',
  revision: 2,
  failures: [
    { text: 'Equal coordinates get unequal noise.', cite: BY_DEFINITION, axiom: 'symmetry' },
    { text: 'The noisy copies have logits of their own.', cite: BY_DEFINITION, axiom: 'conservation-without-bias' },
  ],
});
