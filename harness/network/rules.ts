/**
 * Backward rules that need no knowledge of the layer.
 */
import type { PropagationRule } from '../contracts.ts';
import * as tf from '../tfjs.js';

/** The chain rule: with it at every node, propagation of d objective / d logits is the input gradient. */
export const gradientRule: PropagationRule = ({ node, inputs, relevance }) =>
  tf.grads((...values: tf.Tensor[]) => node.apply(values))([...inputs], relevance);
