/**
 * ReLU networks of dense layers as plain numbers: what the axioms are stated on.
 *
 * Axioms compare networks that differ in a known way (two added, one rewritten, one coordinate
 * unread), and dense layers can express each of these exactly. Image coordinates are numbered in
 * row-major order (row, column, channel).
 */
import type { Stream } from '../../random.ts';

/** y = x kernel + bias; kernel [inputs][outputs]. */
export interface Dense {
  readonly kernel: readonly (readonly number[])[];
  readonly bias: readonly number[];
}

/** Dense layers with a ReLU between each two; the last one gives the logits. */
export type DenseNetwork = readonly Dense[];

/** A layer of `inputs` x `outputs` numbers, uniform on +-1/sqrt(inputs) times `gain`. */
export function randomDense(stream: Stream, inputs: number, outputs: number, gain = 2): Dense {
  const limit = gain / Math.sqrt(inputs);
  const row = () => Array.from(stream.uniforms(outputs, -limit, limit));
  return { kernel: Array.from({ length: inputs }, row), bias: row() };
}

/**
 * Random layers of the given widths, inputs first, classes last.
 *
 * The first biases are such that inputs from 0 to 1 leave about half the units active: a network
 * that is dead on its images has a zero map, which satisfies most axioms.
 */
export function randomNetwork(stream: Stream, widths: readonly number[]): DenseNetwork {
  return widths.slice(1).map((outputs, depth) => {
    const layer = randomDense(stream, widths[depth] ?? 0, outputs);
    if (depth > 0) return layer;
    return mapDense(
      layer,
      (w) => w,
      (b, j) => b - layer.kernel.reduce((sum, row) => sum + at(row, j), 0) / 2,
    );
  });
}

/** Logits of one image, in float64, one number at a time. */
export function evaluate(network: DenseNetwork, image: readonly number[]): number[] {
  return network.reduce<number[]>(
    (values, { kernel, bias }, depth) => {
      const active = depth === 0 ? values : values.map((value) => Math.max(0, value));
      return bias.map((b, j) => active.reduce((sum, value, i) => sum + value * (kernel[i]?.[j] ?? 0), b));
    },
    [...image],
  );
}

/** The layer with kernel and bias replaced by functions of their entries. */
export function mapDense(
  { kernel, bias }: Dense,
  entry: (weight: number, input: number, output: number) => number,
  offset: (bias: number, output: number) => number = (b) => b,
): Dense {
  return { kernel: kernel.map((row, i) => row.map((w, j) => entry(w, i, j))), bias: bias.map(offset) };
}

/** The network a F + b G, layer by layer: hidden units side by side, outputs added. */
export function combine(a: number, f: DenseNetwork, b: number, g: DenseNetwork): DenseNetwork {
  return f.map((left, depth) => {
    const right = at(g, depth);
    const last = depth === f.length - 1;
    const [scaleLeft, scaleRight] = last ? [a, b] : [1, 1];
    const l = mapDense(
      left,
      (w) => w * scaleLeft,
      (v) => v * scaleLeft,
    );
    const r = mapDense(
      right,
      (w) => w * scaleRight,
      (v) => v * scaleRight,
    );
    const zeros = (count: number) => new Array<number>(count).fill(0);
    if (depth === 0 && last) {
      return { kernel: l.kernel.map((row, i) => add(row, at(r.kernel, i))), bias: add(l.bias, r.bias) };
    }
    if (depth === 0)
      return { kernel: l.kernel.map((row, i) => [...row, ...at(r.kernel, i)]), bias: [...l.bias, ...r.bias] };
    if (last) return { kernel: [...l.kernel, ...r.kernel], bias: add(l.bias, r.bias) };
    return {
      kernel: [
        ...l.kernel.map((row) => [...row, ...zeros(r.bias.length)]),
        ...r.kernel.map((row) => [...zeros(l.bias.length), ...row]),
      ],
      bias: [...l.bias, ...r.bias],
    };
  });
}

/**
 * The same function by other units: hidden unit j of the first layer in shares `pieces[j]`, each
 * scaled by its own positive factor that the next layer undoes, and a pair of copies that cancel.
 */
export function rewrite(network: DenseNetwork, stream: Stream): DenseNetwork {
  const [first, second, ...rest] = network;
  if (first === undefined || second === undefined) return network;
  const units = stream.permutation(first.bias.length);
  // A unit of the rewritten layer: copies old unit `from` times `scale`; the next layer reads it with `share / scale`.
  const pieces = Array.from(units).flatMap((from) => {
    const share = stream.uniform();
    const cancelling = 1 + stream.uniform();
    return [share, 1 - share, cancelling, -cancelling].map((part) => ({ from, part, scale: 0.5 + stream.uniform() }));
  });
  return [
    {
      kernel: first.kernel.map((row) => pieces.map(({ from, scale }) => at(row, from) * scale)),
      bias: pieces.map(({ from, scale }) => at(first.bias, from) * scale),
    },
    {
      kernel: pieces.map(({ from, part, scale }) => at(second.kernel, from).map((w) => (w * part) / scale)),
      bias: second.bias,
    },
    ...rest,
  ];
}

/** Entry i of a list; RangeError outside it. */
export function at<T>(list: readonly T[], i: number): T {
  const value = list[i];
  if (value === undefined) throw new RangeError(`[attribench] index ${i} of a list of ${list.length}`);
  return value;
}

function add(a: readonly number[], b: readonly number[]): number[] {
  return a.map((value, i) => value + at(b, i));
}
