/** Einsum on wasm, which lacks it: operands are contracted pair by pair as batched matrix products. */
import * as tf from '../../tfjs.js';
import { replaceKernel } from './replace.ts';

/** A tensor whose axes are named by letters. */
interface Named {
  readonly tensor: tf.Tensor;
  readonly axes: readonly string[];
}

export function registerEinsum(): void {
  replaceKernel<Record<string, tf.Tensor>, tf.EinsumAttrs>('wasm', tf.Einsum, (inputs, { equation }) =>
    einsum(equation, Object.values(inputs)),
  );
}

function einsum(equation: string, tensors: readonly tf.Tensor[]): tf.Tensor {
  const [left = '', output = ''] = equation.replaceAll(/\s/g, '').split('->');
  const terms = left.split(',');
  if (terms.length !== tensors.length || /[^a-zA-Z,]/.test(left) || /[^a-zA-Z]/.test(output)) {
    throw new Error(`[attribench] einsum: got "${equation}" for ${tensors.length} tensors, expected one term each`);
  }
  const named = tensors.map((tensor, i): Named => {
    const axes = [...(terms[i] ?? '')];
    if (axes.length !== tensor.rank || new Set(axes).size !== axes.length) {
      throw new Error(`[attribench] einsum: term "${terms[i]}" does not name the axes of a rank ${tensor.rank} tensor`);
    }
    return { tensor, axes };
  });
  let result = named[0];
  if (result === undefined) throw new Error('[attribench] einsum: expected at least one tensor');
  for (const [i, next] of named.entries()) {
    if (i === 0) continue;
    const later = new Set([...output, ...named.slice(i + 1).flatMap((operand) => operand.axes)]);
    result = contract(result, next, later);
  }
  return arrange(sumAway(result, new Set(output)), [...output]);
}

/** The product of two operands, summed over the axes that nobody reads later. */
function contract(a: Named, b: Named, later: ReadonlySet<string>): Named {
  const left = sumAway(a, new Set([...later, ...b.axes]));
  const right = sumAway(b, new Set([...later, ...a.axes]));
  const shared = left.axes.filter((axis) => right.axes.includes(axis));
  const batch = shared.filter((axis) => later.has(axis));
  const inner = shared.filter((axis) => !later.has(axis));
  const onlyLeft = left.axes.filter((axis) => !shared.includes(axis));
  const onlyRight = right.axes.filter((axis) => !shared.includes(axis));
  const sizes = new Map([...left.axes.map((axis, i) => [axis, left.tensor.shape[i] ?? 1] as const)]);
  for (const [i, axis] of right.axes.entries()) {
    const size = right.tensor.shape[i] ?? 1;
    if ((sizes.get(axis) ?? size) !== size) {
      throw new Error(`[attribench] einsum: axis ${axis} is ${sizes.get(axis)} and ${size} long`);
    }
    sizes.set(axis, size);
  }
  const shapeOf = (axes: readonly string[]) => axes.map((axis) => sizes.get(axis) ?? 1);
  const length = (axes: readonly string[]) => tf.util.sizeFromShape(shapeOf(axes));
  const product = tf.matMul(
    tf.reshape(arrange(left, [...batch, ...onlyLeft, ...inner]), [length(batch), length(onlyLeft), length(inner)]),
    tf.reshape(arrange(right, [...batch, ...inner, ...onlyRight]), [length(batch), length(inner), length(onlyRight)]),
  );
  const axes = [...batch, ...onlyLeft, ...onlyRight];
  return { tensor: tf.reshape(product, shapeOf(axes)), axes };
}

function sumAway({ tensor, axes }: Named, kept: ReadonlySet<string>): Named {
  const gone = axes.flatMap((axis, i) => (kept.has(axis) ? [] : [i]));
  if (gone.length === 0) return { tensor, axes };
  return { tensor: tf.sum(tensor, gone), axes: axes.filter((axis) => kept.has(axis)) };
}

function arrange({ tensor, axes }: Named, order: readonly string[]): tf.Tensor {
  return tf.transpose(
    tensor,
    order.map((axis) => axes.indexOf(axis)),
  );
}
