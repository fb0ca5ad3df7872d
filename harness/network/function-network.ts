/**
 * A network over a user's own function from images to logits: logits and input gradients only.
 */
import type { FunctionModel, GradientNetwork, ImageShape, Need, Network } from '../contracts.ts';
import { NotApplicable } from '../errors.ts';
import * as tf from '../tfjs.js';
import { withoutStem } from './stem.ts';

/** The network of a function; what a function cannot offer throws NotApplicable. */
export function functionNetwork(model: FunctionModel, inputShape: ImageShape, classes: number): Network<Need> {
  const refuse = (what: string): never => {
    throw new NotApplicable(`[attribench] a model given as a function offers no ${what}, only logits and gradients`);
  };
  const inputGradient: GradientNetwork['inputGradient'] = (images, objective) =>
    tf.tidy(() => tf.grad((x) => objective(model.logits(x as tf.Tensor4D)))(images) as tf.Tensor4D);
  return {
    inputShape,
    classes,
    logits: (images) => tf.tidy(() => model.logits(images)),
    inputGradient,
    ...withoutStem({ inputGradient }),
    get graph() {
      return refuse('layer graph');
    },
    get weights() {
      return refuse('weights');
    },
    activations: () => refuse('layer activations'),
    activationGradients: () => refuse('layer activations'),
    activationsAndGradients: () => refuse('layer activations'),
    get foldedGraph() {
      return refuse('layer graph');
    },
    propagate: () => refuse('layer graph'),
  };
}
