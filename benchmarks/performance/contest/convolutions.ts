/** One convolution or one of its gradients, over and over: how fast a side computes it where nothing else is to be done. */
import { type Json, stream, tf } from 'attribench';
import type { ContestJob, PreparedJob } from './prepare.ts';

/** A convolution's shapes: images [n, height, width, channels], filter [height, width, channels, filters]. */
export interface Convolution {
  readonly of: 'output' | 'input' | 'filter';
  readonly images: readonly number[];
  readonly filter: readonly number[];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** As TensorFlow.js was asked. */
  readonly pad: Json;
  /** The zeros that this means above, below, left and right. */
  readonly padding: readonly [top: number, bottom: number, left: number, right: number];
}

export interface ConvolutionJob extends ContestJob {
  readonly kind: 'convolution';
  readonly convolution: { readonly [name in keyof Convolution]: Json };
  readonly times: number;
  /** In which order PyTorch has channels; ours has them last. */
  readonly layout: 'first' | 'last';
}

export async function convolutions({ convolution, times }: ConvolutionJob): Promise<PreparedJob> {
  const { of, images, filter, strides, dilations, pad } = convolution as unknown as Convolution;
  const random = (name: string, shape: readonly number[]) =>
    tf.tensor4d(
      stream('performance', 'convolution', name).uniforms(shape.reduce((size, length) => size * length, 1)),
      shape as [number, number, number, number],
    );
  const [x, weights] = [random('images', images), random('filter', filter)];
  const forward = (values: tf.Tensor4D, kernel: tf.Tensor4D) =>
    tf.conv2d(values, kernel, [...strides], pad as 'same', 'NHWC', [...dilations]);
  const shape = tf.tidy(() => forward(x, weights).shape);
  const dy = random('gradient', shape);
  const attributes = { strides: [...strides], pad: pad as 'same', dataFormat: 'NHWC', dilations: [...dilations] };
  const compute = {
    output: () => forward(x, weights),
    input: () =>
      tf.engine().runKernel('Conv2DBackpropInput', { dy, filter: weights }, { ...attributes, inputShape: x.shape }),
    filter: () =>
      tf.engine().runKernel('Conv2DBackpropFilter', { x, dy }, { ...attributes, filterShape: weights.shape }),
  }[of];
  return {
    run: async () => {
      for (let i = 0; i < times; i++) tf.dispose(compute());
    },
    dispose: () => tf.dispose([x, weights, dy]),
  };
}
