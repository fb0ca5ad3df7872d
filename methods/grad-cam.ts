import { defineMethod } from 'attribench';
import { gradCam } from './support/grad-cam.ts';

/**
 * Grad-CAM: ReLU(sum over k of alpha_k A^k), alpha_k the mean over places of d logit_c / dA^k_ij; [n, height, width, 1],
 * never negative.
 *
 * A [height', width', K] is the output of the node `layer`, 'auto' for the last one with spatial extent (equations 1 and
 * 2). The map is stretched to the image bilinearly, after the ReLU.
 */
export default defineMethod({
  id: 'grad-cam',
  title: 'Grad-CAM',
  cite: 'Selvaraju, Cogswell, Das, Vedantam, Parikh, Batra, "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization", ICCV 2017, section 3',
  revision: 1,
  needs: ['layers'],
  parameters: { layer: 'auto' },
  rank: 'value',
  attribute: (request) => gradCam('grad-cam', request, request.parameters.layer),
});
