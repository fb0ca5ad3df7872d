/**
 * The suite of operations that every engine must compute: each with a slow twin in float64.
 */
import { stream } from '../../random.ts';
import * as tf from '../../tfjs.js';
import {
  type Array64,
  addBias,
  batchNorm,
  conv2d,
  depthwise,
  gather,
  map,
  matMul,
  pool,
  softmaxCrossEntropy,
} from './twins.ts';

export interface Case {
  readonly name: string;
  readonly inputs: readonly (readonly number[])[];
  readonly engine: (...x: tf.Tensor[]) => tf.Tensor;
  readonly twin: (...x: Array64[]) => Array64;
  /** Engines that say that they cannot do this, and how. */
  readonly refusedBy?: { readonly engines: readonly string[]; readonly saying: string };
}

const STRIDES = [
  [1, 1],
  [2, 2],
  [2, 1],
] as const;

// A number as padding goes with square filters and strides only: TensorFlow.js takes both lengths from the height.
const convolutions: Case[] = STRIDES.flatMap((stride) =>
  (stride[0] === stride[1] ? (['valid', 'same', 1] as const) : (['valid', 'same'] as const)).flatMap((pad): Case[] => {
    const square = pad === 1;
    const rounding = square ? 'floor' : undefined;
    const refused = square && {
      refusedBy: { engines: ['tensorflow', 'tensorflow-gpu'], saying: 'padding was NUMBER' },
    };
    return [
      {
        name: `conv2d, stride ${stride.join(' by ')}, pad ${pad}`,
        inputs: [
          [2, 6, 5, 2],
          [3, square ? 3 : 2, 2, 3],
        ],
        engine: (x, filter) =>
          tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, [...stride], pad, 'NHWC', 1, rounding),
        twin: (x, filter) => conv2d(x as Array64, filter as Array64, stride, pad),
        ...refused,
      },
      {
        name: `depthwise conv2d, two outputs a channel, stride ${stride.join(' by ')}, pad ${pad}`,
        inputs: [
          [2, 6, 5, 2],
          [3, square ? 3 : 2, 2, 2],
        ],
        engine: (x, filter) =>
          tf.depthwiseConv2d(x as tf.Tensor4D, filter as tf.Tensor4D, [...stride], pad, 'NHWC', 1, rounding),
        twin: (x, filter) => depthwise(x as Array64, filter as Array64, stride, pad),
        ...refused,
      },
    ];
  }),
);

// One tap, and strides that leave some pixels of the image without any.
const sparse = (
  [
    [[1, 1], [1, 1], 'valid'],
    [[1, 1], [2, 2], 'same'],
    [[1, 1], [2, 3], 'valid'],
    [[2, 2], [3, 3], 'valid'],
    [[2, 1], [3, 2], 'same'],
    [[2, 3], [3, 3], 'same'],
    [[1, 3], [4, 2], 'same'],
    [[1, 1], [2, 2], 1],
    [[4, 3], [2, 2], 'same'],
    [[5, 3], [3, 2], 'valid'],
  ] as const
).flatMap(([filter, stride, pad]): Case[] => {
  const rounding = pad === 1 ? 'floor' : undefined;
  const refused = pad === 1 && {
    refusedBy: { engines: ['tensorflow', 'tensorflow-gpu'], saying: 'padding was NUMBER' },
  };
  const said = `of ${filter.join(' by ')} taps, stride ${stride.join(' by ')}, pad ${pad}`;
  return [
    {
      name: `conv2d ${said}`,
      inputs: [
        [2, 7, 6, 2],
        [...filter, 2, 3],
      ],
      engine: (x, taps) => tf.conv2d(x as tf.Tensor4D, taps as tf.Tensor4D, [...stride], pad, 'NHWC', 1, rounding),
      twin: (x, taps) => conv2d(x as Array64, taps as Array64, stride, pad),
      ...refused,
    },
    {
      name: `depthwise conv2d ${said}`,
      inputs: [
        [2, 7, 6, 2],
        [...filter, 2, 2],
      ],
      engine: (x, taps) =>
        tf.depthwiseConv2d(x as tf.Tensor4D, taps as tf.Tensor4D, [...stride], pad, 'NHWC', 1, rounding),
      twin: (x, taps) => depthwise(x as Array64, taps as Array64, stride, pad),
      ...refused,
    },
    {
      name: `fused conv2d with bias and relu ${said}`,
      inputs: [[2, 7, 6, 2], [...filter, 2, 3], [3]],
      engine: (x, taps, bias) =>
        tf.fused.conv2d({
          x: x as tf.Tensor4D,
          filter: taps as tf.Tensor4D,
          bias: bias as tf.Tensor1D,
          strides: [...stride],
          pad,
          ...(rounding && { dimRoundingMode: rounding }),
          activation: 'relu',
        }),
      twin: (x, taps, bias) => relu(addBias(conv2d(x as Array64, taps as Array64, stride, pad), bias as Array64)),
      ...refused,
    },
  ];
});

const pools: Case[] = STRIDES.flatMap((stride) =>
  (['valid', 'same'] as const).flatMap((pad) =>
    (['max', 'mean'] as const).map(
      (kind): Case => ({
        name: `${kind} pool of negative numbers, stride ${stride.join(' by ')}, pad ${pad}`,
        inputs: [[2, 5, 6, 2]],
        engine: (x) => {
          const negative = tf.sub(x as tf.Tensor, 5) as tf.Tensor4D;
          return kind === 'max'
            ? tf.maxPool(negative, [3, 2], [...stride], pad)
            : tf.avgPool(negative, [3, 2], [...stride], pad);
        },
        twin: (x) =>
          pool(
            kind,
            map(x as Array64, (value) => value - 5),
            [3, 2],
            stride,
            pad,
          ),
      }),
    ),
  ),
);

const products: Case[] = [false, true].flatMap((transposeA) =>
  [false, true].flatMap((transposeB) => {
    const flip = (shape: readonly number[], yes: boolean) =>
      yes ? [...shape.slice(0, -2), ...shape.slice(-2).reverse()] : [...shape];
    const shapes: [string, number[], number[]][] = [
      ['one pair', [5, 3], [3, 4]],
      ['a wide right side', [2, 3], [3, 9]],
      ['a tall left side', [9, 3], [3, 2]],
      ['a batch of three', [3, 4, 2], [3, 2, 5]],
    ];
    return shapes.map(
      ([what, a, b]): Case => ({
        name: `matMul of ${what}${transposeA ? ', left transposed' : ''}${transposeB ? ', right transposed' : ''}`,
        inputs: [flip(a, transposeA), flip(b, transposeB)],
        engine: (x, y) => tf.matMul(x as tf.Tensor, y as tf.Tensor, transposeA, transposeB),
        twin: (x, y) => matMul(x as Array64, y as Array64, transposeA, transposeB),
      }),
    );
  }),
);

const relu = (x: Array64) => map(x, (value) => Math.max(0, value));

const others: Case[] = [
  {
    name: 'fused matMul with bias',
    inputs: [[5, 3], [3, 4], [4]],
    engine: (a, b, bias) => tf.fused.matMul({ a: a as tf.Tensor2D, b: b as tf.Tensor2D, bias: bias as tf.Tensor1D }),
    twin: (a, b, bias) => addBias(matMul(a as Array64, b as Array64), bias as Array64),
  },
  {
    name: 'fused matMul with bias and relu, both sides transposed',
    inputs: [[3, 5], [4, 3], [4]],
    engine: (a, b, bias) =>
      tf.fused.matMul({
        a: a as tf.Tensor2D,
        b: b as tf.Tensor2D,
        bias: bias as tf.Tensor1D,
        activation: 'relu',
        transposeA: true,
        transposeB: true,
      }),
    twin: (a, b, bias) => relu(addBias(matMul(a as Array64, b as Array64, true, true), bias as Array64)),
  },
  {
    name: 'fused conv2d with bias and relu',
    inputs: [[2, 5, 5, 2], [3, 3, 2, 3], [3]],
    engine: (x, filter, bias) =>
      tf.fused.conv2d({
        x: x as tf.Tensor4D,
        filter: filter as tf.Tensor4D,
        bias: bias as tf.Tensor1D,
        strides: 2,
        pad: 'same',
        activation: 'relu',
      }),
    twin: (x, filter, bias) => relu(addBias(conv2d(x as Array64, filter as Array64, [2, 2], 'same'), bias as Array64)),
  },
  ...[0, 1].map(
    (axis): Case => ({
      name: `gather along axis ${axis}, with repeats`,
      inputs: [[4, 3, 2]],
      engine: (x) => tf.gather(x as tf.Tensor, tf.tensor1d([2, 0, 2, 1, 2], 'int32'), axis),
      twin: (x) => gather(x as Array64, [2, 0, 2, 1, 2], axis),
    }),
  ),
  {
    name: 'batch normalisation by the batch',
    inputs: [[3, 2, 2, 3], [3], [3]],
    engine: (x, gamma, beta) => {
      const { mean, variance } = tf.moments(x as tf.Tensor, [0, 1, 2]);
      return tf.batchNorm4d(
        x as tf.Tensor4D,
        mean as tf.Tensor1D,
        variance as tf.Tensor1D,
        beta as tf.Tensor1D,
        gamma as tf.Tensor1D,
        1e-3,
      );
    },
    twin: (x, gamma, beta) => batchNorm(x as Array64, gamma as Array64, beta as Array64, 1e-3),
  },
  {
    name: 'softmax cross-entropy',
    inputs: [[4, 3]],
    engine: (logits) => {
      const labels = tf.oneHot(tf.tensor1d([2, 0, 1, 2], 'int32'), 3);
      return tf.neg(tf.sum(tf.mul(labels, tf.logSoftmax(logits as tf.Tensor)), 1));
    },
    twin: (logits) => softmaxCrossEntropy(logits as Array64, [2, 0, 1, 2]),
  },
];

export const cases: readonly Case[] = [...convolutions, ...sparse, ...pools, ...products, ...others];

/** Standard normals of a shape, named. */
export function random(name: string, shape: readonly number[]): Float32Array {
  return stream('engine-test', name, [...shape]).normals(tf.util.sizeFromShape([...shape]));
}

/** Every layer type once: convolutions, pools, dense layers. */
export function smallNetwork() {
  const weight = (name: string, ...shape: number[]) =>
    tf.variable(tf.mul(tf.tensor(random(name, shape), shape), 0.3), true);
  const weights = [
    weight('conv', 3, 3, 1, 4),
    weight('depthwise', 3, 3, 4, 2),
    weight('strided', 3, 3, 8, 6),
    weight('dense', 18, 16),
    weight('bias', 16),
    weight('head', 16, 3),
  ];
  const [conv, deep, strided, dense, bias, head] = weights as [
    tf.Variable<tf.Rank.R4>,
    tf.Variable<tf.Rank.R4>,
    tf.Variable<tf.Rank.R4>,
    tf.Variable<tf.Rank.R2>,
    tf.Variable<tf.Rank.R1>,
    tf.Variable<tf.Rank.R2>,
  ];
  const logits = (images: tf.Tensor4D) =>
    tf.tidy(() => {
      const first = tf.relu(tf.conv2d(images, conv, 1, 'same'));
      const pooled = tf.maxPool(first, 2, 2, 'same');
      const second = tf.avgPool(tf.depthwiseConv2d(pooled, deep, 1, 'same'), 2, 1, 'same');
      const third = tf.relu(tf.conv2d(second, strided, 2, 'same'));
      const flat = tf.avgPool(third, [3, 1], [3, 1], 'same').reshape([images.shape[0], 18]) as tf.Tensor2D;
      return tf.matMul(tf.relu(tf.add(tf.matMul(flat, dense), bias)), head) as tf.Tensor2D;
    });
  return { logits, weights };
}
