import { defineMethod, tf } from 'attribench';
import { atRectifiers, guidedRule } from './rules/gradient.ts';
import { unitSeed } from './rules/seeds.ts';
import { gradCam } from './support/grad-cam.ts';

/**
 * Guided Grad-CAM: guided backpropagation times Grad-CAM, entry by entry; shape of the images.
 *
 * `layer` as in Grad-CAM, whose map is stretched to the image bilinearly (captum: to the nearest unless asked).
 */
export default defineMethod({
  id: 'guided-grad-cam',
  title: 'Guided Grad-CAM',
  cite: 'Selvaraju, Cogswell, Das, Vedantam, Parikh, Batra, "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization", ICCV 2017, section 3',
  revision: 1,
  needs: ['propagation'],
  parameters: { layer: 'auto' },
  rank: 'magnitude',
  attribute: (request) =>
    tf.tidy(() => {
      const { network, images, classes, parameters } = request;
      const coarse = gradCam('guided-grad-cam', request, parameters.layer);
      const fine = network.propagate(images, unitSeed(classes), atRectifiers(guidedRule));
      return tf.mul<tf.Tensor4D>(fine, coarse);
    }),
});
