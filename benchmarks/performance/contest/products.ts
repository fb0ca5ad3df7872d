/** Square products, one after the other: the rate of a side where nothing else is to be done. */
import { stream, tf } from 'attribench';
import type { ContestJob, PreparedJob } from './prepare.ts';

export interface ProductsJob extends ContestJob {
  readonly kind: 'products';
  readonly size: number;
  readonly times: number;
}

export async function products({ size, times }: ProductsJob): Promise<PreparedJob> {
  const [a, b] = ['a', 'b'].map((name) =>
    tf.tensor2d(stream('performance', 'products', name).uniforms(size * size), [size, size]),
  ) as [tf.Tensor2D, tf.Tensor2D];
  return {
    run: async () => {
      for (let i = 0; i < times; i++) {
        const product = tf.matMul(a, b);
        product.dispose();
      }
    },
    dispose: () => tf.dispose([a, b]),
  };
}
