/**
 * A network over a user's own function from images to logits: logits and input gradients only.
 */
import * as tf from '@tensorflow/tfjs';
import type { FunctionModel, ImageShape, Need, Network } from '../contracts.ts';
import { NotApplicable } from '../errors.ts';

/** The network of a function; what a function cannot offer throws NotApplicable. */
export function functionNetwork(model: FunctionModel, inputShape: ImageShape, classes: number): Network<Need> {
  const refuse = (what: string): never => {
    throw new NotApplicable(`[attribench] a model given as a function offers no ${what}, only logits and gradients`);
  };
  return {
    inputShape,
    classes,
    logits: (images) => tf.tidy(() => model.logits(images)),
    inputGradient: (images, objective) =>
      tf.tidy(() => tf.grad((x) => objective(model.logits(x as tf.Tensor4D)))(images) as tf.Tensor4D),
    get graph() {
      return refuse('layer graph');
    },
    get weights() {
      return refuse('weights');
    },
    activations: () => refuse('layer activations'),
    activationGradients: () => refuse('layer activations'),
    propagate: () => refuse('layer graph'),
  };
}
