/**
 * Adam on masks: what methods that optimise a mask for each image share.
 *
 * Between steps the loop gives way to the event loop, which brings the abort.
 */
import { setImmediate } from 'node:timers/promises';
import { tf } from 'attribench';

/** Decay of the first and second moment, and the smallest divisor: the defaults of Kingma and Ba, ICLR 2015, algorithm 1. */
const [DECAY_1, DECAY_2, EPSILON] = [0.9, 0.999, 1e-8];

interface Descent {
  readonly iterations: number;
  readonly learningRate: number;
}

/**
 * The mask after so many steps of Adam against `slope`, its entries kept in [0, 1]; `start` is disposed.
 *
 * `slope` gives d loss / d mask in a tidy; entry by entry, so that images do not see each other.
 */
export async function descend<M extends tf.Tensor>(
  request: { readonly signal: AbortSignal; progress(share: number): void },
  start: M,
  slope: (mask: M) => tf.Tensor,
  { iterations, learningRate }: Descent,
): Promise<M> {
  let state = { mask: start, first: tf.zerosLike<tf.Tensor>(start), second: tf.zerosLike<tf.Tensor>(start) };
  try {
    for (let step = 1; step <= iterations; step++) {
      request.signal.throwIfAborted();
      const before = state;
      state = tf.tidy(() => {
        const gradient = slope(before.mask);
        const first = tf.add(before.first.mul(DECAY_1), gradient.mul(1 - DECAY_1));
        const second = tf.add(before.second.mul(DECAY_2), gradient.square().mul(1 - DECAY_2));
        const size = second.div(1 - DECAY_2 ** step).sqrt();
        const move = first.mul(learningRate / (1 - DECAY_1 ** step)).div(size.add(EPSILON));
        return { mask: tf.clipByValue(tf.sub<M>(before.mask, move), 0, 1), first, second };
      });
      tf.dispose(before);
      request.progress(step / iterations);
      await setImmediate();
    }
    return tf.clone(state.mask);
  } finally {
    tf.dispose(state);
  }
}
