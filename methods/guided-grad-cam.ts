import { defineMethod, tf } from 'attribench';
import { atRectifiers, guidedRule } from './rules/gradient.ts';
import { unitSeed } from './rules/seeds.ts';
import { LAYER_ABOUT } from './support/activation-maps.ts';
import { gradCam } from './support/grad-cam.ts';
import { ADEBAYO_2018 } from './support/literature.ts';

const RULES = atRectifiers(guidedRule);

/** Guided Grad-CAM: guided backpropagation times Grad-CAM, entry by entry. */
export default defineMethod({
  id: 'guided-grad-cam',
  title: 'Guided Grad-CAM',
  cite: 'Selvaraju, Cogswell, Das, Vedantam, Parikh, Batra, "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization", ICCV 2017, section 3',
  revision: 1,
  needs: ['propagation'],
  parameters: { layer: 'auto' },
  rank: 'magnitude',
  about: {
    family: 'activation',
    formula: 'a = guided backprop * Grad-CAM',
    map: 'shape of the images',
    text: "Grad-CAM's map is stretched to the image bilinearly (captum: to the nearest unless asked).",
    parameters: LAYER_ABOUT,
    failures: [
      {
        text: 'Its maps hardly change when the weights of the upper layers, or the labels, are drawn anew.',
        cite: ADEBAYO_2018,
      },
    ],
  },
  attribute: (request) =>
    tf.tidy(() => {
      const { network, images, classes, parameters } = request;
      const coarse = gradCam('guided-grad-cam', request, parameters.layer);
      const fine = network.propagate(images, unitSeed(classes), RULES);
      return tf.mul<tf.Tensor4D>(fine, coarse);
    }),
});
