/** Slow, obvious float64 versions of the operations that the engines compute; arrays are row-major. */

export interface Array64 {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** An array of a shape, each entry computed from its indices. */
export function fill(shape: readonly number[], value: (...index: number[]) => number): Array64 {
  const size = shape.reduce((product, length) => product * length, 1);
  const data = new Float64Array(size);
  for (let flat = 0; flat < size; flat++) {
    const index: number[] = [];
    let rest = flat;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const length = shape[axis] as number;
      index.unshift(rest % length);
      rest = Math.floor(rest / length);
    }
    data[flat] = value(...index);
  }
  return { shape, data };
}

/** An entry; zero where an index lies outside. */
export function at(array: Array64, ...index: readonly number[]): number {
  let flat = 0;
  for (const [axis, length] of array.shape.entries()) {
    const i = index[axis] as number;
    if (i < 0 || i >= length) return 0;
    flat = flat * length + i;
  }
  return array.data[flat] as number;
}

export type Padding = 'valid' | 'same' | number;

/** Output length and leading padding along one axis, as TensorFlow defines 'valid' and 'same'. */
export function span(length: number, window: number, stride: number, pad: Padding): { out: number; before: number } {
  if (pad === 'same') {
    const out = Math.ceil(length / stride);
    return { out, before: Math.floor(Math.max(0, (out - 1) * stride + window - length) / 2) };
  }
  const before = pad === 'valid' ? 0 : pad;
  return { out: Math.floor((length + 2 * before - window) / stride) + 1, before };
}

function sum(count: number, term: (i: number) => number): number {
  let total = 0;
  for (let i = 0; i < count; i++) total += term(i);
  return total;
}

export function conv2d(x: Array64, filter: Array64, stride: readonly [number, number], pad: Padding): Array64 {
  const [n = 0, height = 0, width = 0] = x.shape;
  const [fh = 0, fw = 0, channels = 0, outChannels = 0] = filter.shape;
  const rows = span(height, fh, stride[0], pad);
  const columns = span(width, fw, stride[1], pad);
  return fill([n, rows.out, columns.out, outChannels], (b = 0, i = 0, j = 0, o = 0) =>
    sum(fh, (u) =>
      sum(fw, (v) =>
        sum(
          channels,
          (c) =>
            at(x, b, i * stride[0] + u - rows.before, j * stride[1] + v - columns.before, c) * at(filter, u, v, c, o),
        ),
      ),
    ),
  );
}

export function depthwise(x: Array64, filter: Array64, stride: readonly [number, number], pad: Padding): Array64 {
  const [n = 0, height = 0, width = 0, channels = 0] = x.shape;
  const [fh = 0, fw = 0, , multiplier = 0] = filter.shape;
  const rows = span(height, fh, stride[0], pad);
  const columns = span(width, fw, stride[1], pad);
  return fill([n, rows.out, columns.out, channels * multiplier], (b = 0, i = 0, j = 0, o = 0) => {
    const c = Math.floor(o / multiplier);
    return sum(fh, (u) =>
      sum(
        fw,
        (v) =>
          at(x, b, i * stride[0] + u - rows.before, j * stride[1] + v - columns.before, c) *
          at(filter, u, v, c, o % multiplier),
      ),
    );
  });
}

/** Max or mean over the pixels of each window that lie inside the image. */
export function pool(
  kind: 'max' | 'mean',
  x: Array64,
  window: readonly [number, number],
  stride: readonly [number, number],
  pad: Padding,
): Array64 {
  const [n = 0, height = 0, width = 0, channels = 0] = x.shape;
  const rows = span(height, window[0], stride[0], pad);
  const columns = span(width, window[1], stride[1], pad);
  return fill([n, rows.out, columns.out, channels], (b = 0, i = 0, j = 0, c = 0) => {
    const seen: number[] = [];
    for (let u = 0; u < window[0]; u++) {
      for (let v = 0; v < window[1]; v++) {
        const row = i * stride[0] + u - rows.before;
        const column = j * stride[1] + v - columns.before;
        if (row >= 0 && row < height && column >= 0 && column < width) seen.push(at(x, b, row, column, c));
      }
    }
    return kind === 'max' ? Math.max(...seen) : seen.reduce((total, value) => total + value, 0) / seen.length;
  });
}

/** [..., m, k] times [..., k, n], either side stored transposed; leading axes of length 1 are repeated. */
export function matMul(a: Array64, b: Array64, transposeA = false, transposeB = false): Array64 {
  const rank = Math.max(a.shape.length, b.shape.length);
  const aShape = [...Array(rank - a.shape.length).fill(1), ...a.shape] as number[];
  const bShape = [...Array(rank - b.shape.length).fill(1), ...b.shape] as number[];
  const left = { shape: aShape, data: a.data };
  const right = { shape: bShape, data: b.data };
  const inner = aShape[rank - (transposeA ? 2 : 1)] as number;
  const outer = aShape.slice(0, -2).map((length, axis) => Math.max(length, bShape[axis] as number));
  const m = aShape[rank - (transposeA ? 1 : 2)] as number;
  const n = bShape[rank - (transposeB ? 2 : 1)] as number;
  return fill([...outer, m, n], (...index) => {
    const batch = index.slice(0, -2);
    const [row = 0, column = 0] = index.slice(-2);
    const own = (shape: readonly number[]) => batch.map((i, axis) => (shape[axis] === 1 ? 0 : i));
    return sum(
      inner,
      (i) =>
        at(left, ...own(aShape), ...(transposeA ? [i, row] : [row, i])) *
        at(right, ...own(bShape), ...(transposeB ? [column, i] : [i, column])),
    );
  });
}

/** x plus a vector along the last axis. */
export function addBias(x: Array64, bias: Array64): Array64 {
  return { shape: x.shape, data: x.data.map((value, i) => value + (bias.data[i % bias.data.length] as number)) };
}

export function map(x: Array64, f: (value: number) => number): Array64 {
  return { shape: x.shape, data: x.data.map(f) };
}

/** Normalisation by the batch's own mean and variance over all axes but the last. */
export function batchNorm(x: Array64, gamma: Array64, beta: Array64, epsilon: number): Array64 {
  const channels = x.shape.at(-1) as number;
  const count = x.data.length / channels;
  const data = new Float64Array(x.data.length);
  for (let c = 0; c < channels; c++) {
    const mean = sum(count, (i) => x.data[i * channels + c] as number) / count;
    const variance = sum(count, (i) => ((x.data[i * channels + c] as number) - mean) ** 2) / count;
    for (let i = 0; i < count; i++) {
      const normal = ((x.data[i * channels + c] as number) - mean) / Math.sqrt(variance + epsilon);
      data[i * channels + c] = normal * (gamma.data[c] as number) + (beta.data[c] as number);
    }
  }
  return { shape: x.shape, data };
}

/** -log softmax(logits)[label], one number a row. */
export function softmaxCrossEntropy(logits: Array64, labels: readonly number[]): Array64 {
  const [rows = 0, classes = 0] = logits.shape;
  return fill(
    [rows],
    (i = 0) => Math.log(sum(classes, (c) => Math.exp(at(logits, i, c)))) - at(logits, i, labels[i] as number),
  );
}

/** Rows (or slices along `axis`) picked by index. */
export function gather(x: Array64, indices: readonly number[], axis: number): Array64 {
  const shape = x.shape.map((length, i) => (i === axis ? indices.length : length));
  return fill(shape, (...index) => at(x, ...index.map((i, j) => (j === axis ? (indices[i] as number) : i))));
}
