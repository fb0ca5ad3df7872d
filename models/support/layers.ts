/**
 * Layers as PyTorch counts them, from one symbolic tensor to the next.
 *
 * Layers are named as torchvision names its modules, so that a weight's name leads to its twin there. PyTorch pads
 * a convolution alike on all sides; TensorFlow's 'same' does so only where the stride is one, so that elsewhere the
 * border is a layer of its own. Maxima are padded with zeros: they only stand behind a ReLU.
 */
import { type ImageShape, tf, UsageError } from 'attribench';

export type Values = tf.SymbolicTensor;

/** Rows and columns. */
type Pair = readonly [number, number];

/** The output of a layer for the given inputs. */
export function through(layer: tf.layers.Layer, ...inputs: readonly Values[]): Values {
  const [first] = inputs;
  return layer.apply(inputs.length === 1 && first !== undefined ? first : [...inputs]) as Values;
}

export interface Convolution {
  readonly filters: number;
  readonly kernel: number | Pair;
  /** 1 unless given. */
  readonly stride?: number;
  /** Zeros on each side; 0 unless given. */
  readonly padding?: number | Pair;
  /** False unless given. */
  readonly bias?: boolean;
}

export function convolution(name: string, from: Values, settings: Convolution): Values {
  const { filters, stride = 1, bias = false } = settings;
  const kernel = pair(settings.kernel);
  const padding = pair(settings.padding ?? 0);
  const same = stride === 1 && kernel.every((size, axis) => size === 2 * (padding[axis] ?? 0) + 1);
  const input = same ? from : padded(name, from, padding);
  const layer = tf.layers.conv2d({
    name,
    filters,
    kernelSize: [...kernel],
    strides: stride,
    padding: same ? 'same' : 'valid',
    useBias: bias,
    kernelInitializer: 'zeros',
  });
  return through(layer, input);
}

export function dense(name: string, from: Values, units: number): Values {
  return through(tf.layers.dense({ name, units, kernelInitializer: 'zeros' }), from);
}

/** PyTorch's defaults: eps 1e-5; its momentum of .1 is .9 here. */
export function normalised(name: string, from: Values, epsilon = 1e-5): Values {
  return through(tf.layers.batchNormalization({ name, epsilon, momentum: 0.9 }), from);
}

export function relu(name: string, from: Values): Values {
  return through(tf.layers.activation({ name, activation: 'relu' }), from);
}

export function maxPooled(name: string, from: Values, size: number, stride: number, padding = 0): Values {
  const layer = tf.layers.maxPooling2d({ name, poolSize: size, strides: stride });
  return through(layer, padded(name, from, [padding, padding]));
}

/** Divides by the window's full size, border included. */
export function averagePooled(name: string, from: Values, size: number, stride: number, padding = 0): Values {
  const layer = tf.layers.averagePooling2d({ name, poolSize: size, strides: stride });
  return through(layer, padded(name, from, [padding, padding]));
}

/** The mean of each channel: [n, channels]. */
export function globallyAveraged(name: string, from: Values): Values {
  return through(tf.layers.globalAveragePooling2d({ name }), from);
}

export function concatenated(name: string, parts: readonly Values[]): Values {
  return through(tf.layers.concatenate({ name }), ...parts);
}

export function flattened(name: string, from: Values): Values {
  return through(tf.layers.flatten({ name }), from);
}

export function dropped(name: string, from: Values, rate: number): Values {
  return through(tf.layers.dropout({ name, rate }), from);
}

/** The network from images to what `layers` makes of them. */
export function network(inputShape: ImageShape, layers: (images: Values) => Values): tf.LayersModel {
  const images = tf.input({ name: 'image', shape: [...inputShape] });
  return tf.model({ inputs: images, outputs: layers(images) });
}

/** @throws UsageError for images that are smaller than `least` pixels on a side. */
export function expectSides(id: string, [height, width]: ImageShape, least: number): void {
  if (height < least || width < least) {
    throw new UsageError(
      `[attribench] model "${id}": images are ${height} x ${width} pixels, expected at least ${least} x ${least}`,
    );
  }
}

function padded(name: string, from: Values, [rows, columns]: Pair): Values {
  if (rows === 0 && columns === 0) return from;
  const padding: [[number, number], [number, number]] = [
    [rows, rows],
    [columns, columns],
  ];
  return through(tf.layers.zeroPadding2d({ name: `${name}.pad`, padding }), from);
}

function pair(value: number | Pair): Pair {
  return typeof value === 'number' ? [value, value] : value;
}
