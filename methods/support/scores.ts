/**
 * What a perturbation method watches: the logit or the probability of the explained class.
 */
import { classLogit, type Objective, tf, UsageError } from 'attribench';

/** Objectives of the explained classes [n] by name: 'logit' or 'probability'; UsageError for another name. */
export function scoreNamed(method: string, name: string): (classes: tf.Tensor1D) => Objective {
  if (name === 'logit') return classLogit;
  if (name === 'probability') return (classes) => (logits) => classLogit(classes)(tf.softmax(logits));
  throw new UsageError(
    `[attribench] method "${method}": score is ${JSON.stringify(name)}, expected "probability" or "logit"`,
  );
}
