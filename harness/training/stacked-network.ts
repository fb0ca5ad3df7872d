/**
 * R networks of one shape side by side: every weight one tensor with the networks as its first axis.
 *
 * Nothing adds up over that axis but the loss, whose gradient is the same constant for each network: what one of them
 * computes never reaches another, not even where it is NaN.
 */
import type { WeightEntry, Weights } from '../contracts.ts';
import type { Trainable } from '../network/build.ts';
import type { DenseChain } from '../network/dense-chain.ts';
import { makeWeights, matchWeights, type WeightShape } from '../network/weights.ts';
import * as tf from '../tfjs.js';

export interface StackedNetwork extends Pick<Trainable, 'variables'> {
  /** Logits [R, n, classes] of rows [R, n, inputs]: those of network r for its own rows. */
  logits(rows: tf.Tensor3D): tf.Tensor3D;
  /** A copy of each network's weights. */
  snapshots(): Promise<Weights[]>;
  dispose(): void;
}

/** The networks with these weights, one entry of `weights` each; UsageError where weights do not fit the chain. */
export function stackNetworks(chain: DenseChain, weights: readonly Weights[]): StackedNetwork {
  const shapes = chain.flatMap(({ kernel, bias }) => (bias === null ? [kernel] : [kernel, bias]));
  const entries = weights.map((own) => matchWeights(own, shapes));
  const variables = new Map(
    shapes.map((shape, i) => [
      shape.name,
      stacked(
        entries.map((own) => own[i] as WeightEntry),
        shape,
      ),
    ]),
  );
  const of = ({ name }: WeightShape) => variables.get(name) as tf.Variable<tf.Rank.R3>;
  return {
    variables: [...variables.values()],
    logits: (rows) => {
      let output = rows;
      for (const { kernel, bias, relu } of chain) {
        output = tf.matMul(output, of(kernel));
        if (bias !== null) output = tf.add(output, of(bias));
        if (relu) output = tf.relu(output);
      }
      return output;
    },
    snapshots: async () => {
      const values = await Promise.all(shapes.map((shape) => of(shape).data<'float32'>()));
      return weights.map((_, r) =>
        makeWeights(
          shapes.map(({ name, shape }, i) => {
            const size = tf.util.sizeFromShape([...shape]);
            return { name, shape, data: (values[i] as Float32Array).slice(r * size, (r + 1) * size) };
          }),
        ),
      );
    },
    dispose: () => tf.dispose([...variables.values()]),
  };
}

/** One weight of all networks: [R, inputs, units] of kernels, [R, 1, units] of biases. */
function stacked(entries: readonly WeightEntry[], { shape }: WeightShape): tf.Variable<tf.Rank.R3> {
  const size = tf.util.sizeFromShape([...shape]);
  const values = new Float32Array(entries.length * size);
  entries.forEach(({ data }, r) => {
    values.set(data, r * size);
  });
  const [rows, units] = shape.length === 1 ? [1, shape[0]] : shape;
  const value = tf.tensor3d(values, [entries.length, rows ?? 1, units ?? 1]);
  const variable = tf.variable(value);
  value.dispose();
  return variable;
}
