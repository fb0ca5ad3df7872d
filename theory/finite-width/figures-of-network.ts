/**
 * What Figures 5 and 31 of the paper show of one trained network, as numbers.
 *
 * All for d~ = 1 and eta = 0, over the d points x = y e_j of the support. Coordinate gradients are those of
 * the logit; the loss gradient of a point is a multiple of it, so that every ratio is the same for both.
 */
import { exhaustiveSupport, makeSetting } from '../../datasets/simplified-blockmnist/distribution.ts';
import { logitGradient, type Neurons } from '../neurons.ts';

export interface GradientFigures {
  /** |gradient| at the signal coordinate / mean |gradient| at the other relevant ones, mean over points (Figure 5). */
  readonly signalRatio: number;
  /** The inverse, mean over points: how much leaks into the relevant coordinates that hold nothing. */
  readonly leak: number;
  /** Mean |gradient| at noise coordinates / mean at the other relevant ones, mean over points. */
  readonly noiseToOther: number;
  /** Mean |gradient| at noise coordinates / |gradient| at the signal coordinate, mean over points. */
  readonly noiseToSignal: number;
  /** Share of the points whose largest |gradient| is at the signal coordinate. */
  readonly topIsSignal: number;
  /** Cosine of the angle to Theorem 1's gradient, mean over points. */
  readonly cosine: number;
  /** |g/|g| - ubar|, mean over points: the distance of the directions. */
  readonly distance: number;
}

/** The gradient's figures, from its d values at each point. */
export function gradientFigures(neurons: Neurons): GradientFigures {
  const blocks = neurons.inputs;
  const n = blocks / 2;
  const { inputs, signalBlocks, count } = exhaustiveSupport(makeSetting({ blocks }));
  const rows = Array.from({ length: count }, (_, i) => {
    const gradient = logitGradient(neurons, inputs.subarray(i * blocks, (i + 1) * blocks));
    const sizes = gradient.map(Math.abs);
    const at = signalBlocks[i] ?? 0;
    const signal = sizes[at] ?? 0;
    const other = n === 1 ? signal : (sum(sizes.subarray(0, n)) - signal) / (n - 1);
    const noise = sum(sizes.subarray(n)) / n;
    const length = Math.hypot(...gradient);
    const along = sum(gradient.subarray(0, n)) / Math.sqrt(n);
    return {
      signalRatio: signal / other,
      leak: other / signal,
      noiseToOther: noise / other,
      noiseToSignal: noise / signal,
      topIsSignal: sizes.every((value, k) => k === at || value < signal) ? 1 : 0,
      cosine: along / length,
      distance: Math.sqrt(Math.max(0, 2 - (2 * along) / length)),
    };
  });
  const meanOf = (name: keyof GradientFigures) => rows.reduce((total, row) => total + row[name], 0) / rows.length;
  return {
    signalRatio: meanOf('signalRatio'),
    leak: meanOf('leak'),
    noiseToOther: meanOf('noiseToOther'),
    noiseToSignal: meanOf('noiseToSignal'),
    topIsSignal: meanOf('topIsSignal'),
    cosine: meanOf('cosine'),
    distance: meanOf('distance'),
  };
}

export interface NeuronFigures {
  /** Mean over the top neurons of b / |r|, the bias at first-layer weights of unit length. */
  readonly bias: number;
  /** Share of the top neurons with a negative bias. */
  readonly negativeBiases: number;
  /** Mean over the top neurons of max_k |r_k| / |r|: 1 for a neuron along an axis. */
  readonly axisAlignment: number;
  /** The same over all neurons. */
  readonly axisAlignmentOfAll: number;
}

/** The share of the neurons that Figure 31's figures are about. */
const TOP_SHARE = 0.02;

/** What Figure 31 shows: the neurons that carry the function, their biases and their axes. */
export function neuronFigures(neurons: Neurons): NeuronFigures {
  const { inputs, r, b } = neurons;
  const order = byContribution(neurons);
  const top = order.subarray(0, Math.max(1, Math.round(TOP_SHARE * order.length)));
  const lengthOf = (i: number) => Math.hypot(...r.subarray(i * inputs, (i + 1) * inputs));
  const alignment = (i: number) => Math.max(...r.subarray(i * inputs, (i + 1) * inputs).map(Math.abs)) / lengthOf(i);
  const mean = (chosen: Uint32Array, f: (i: number) => number) => sum(Float64Array.from(chosen, f)) / chosen.length;
  return {
    bias: mean(top, (i) => (b[i] ?? 0) / lengthOf(i)),
    negativeBiases: mean(top, (i) => ((b[i] ?? 0) < 0 ? 1 : 0)),
    axisAlignment: mean(top, alignment),
    axisAlignmentOfAll: mean(order, alignment),
  };
}

/**
 * Neurons by |w| |(r, b)|, largest first, ties by index.
 *
 * That product is what a neuron adds to f whatever the split between the layers: scaling (r, b) up and w down
 * changes nothing.
 */
export function byContribution({ inputs, w, r, b }: Neurons): Uint32Array {
  const size = w.map(
    (value, i) => Math.abs(value) * Math.hypot(b[i] ?? 0, ...r.subarray(i * inputs, (i + 1) * inputs)),
  );
  return Uint32Array.from(w, (_, i) => i).sort((i, j) => (size[j] ?? 0) - (size[i] ?? 0) || i - j);
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
