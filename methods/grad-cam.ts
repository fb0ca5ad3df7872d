import { defineMethod } from 'attribench';
import { LAYER_ABOUT } from './support/activation-maps.ts';
import { gradCam } from './support/grad-cam.ts';
import { BY_DEFINITION, DRAELOS_2020 } from './support/literature.ts';

/** Grad-CAM: channels of a layer weighted by the mean gradient of the logit. */
export default defineMethod({
  id: 'grad-cam',
  title: 'Grad-CAM',
  cite: 'Selvaraju, Cogswell, Das, Vedantam, Parikh, Batra, "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization", ICCV 2017, section 3',
  revision: 1,
  needs: ['layers'],
  parameters: { layer: 'auto' },
  rank: 'value',
  about: {
    family: 'activation',
    formula: 'a = ReLU(sum over k of alpha_k A^k), alpha_k the mean over places of d logit_c / dA^k_ij',
    map: '[n, height, width, 1], never negative',
    text: `A [height', width', K] is the output of a layer. The map is stretched to the image bilinearly, after the ReLU.`,
    parameters: LAYER_ABOUT,
    failures: [
      {
        text: 'Because it averages the gradient over places, it marks places that the network did not use.',
        cite: `${DRAELOS_2020}; counterexample in methods/activation-methods.test.ts`,
      },
      { text: 'What speaks against the class is cut off by the ReLU.', cite: BY_DEFINITION },
      { text: 'No finer than its layer: dense networks have no map at all.', cite: BY_DEFINITION },
    ],
  },
  attribute: (request) => gradCam('grad-cam', request, request.parameters.layer),
});
