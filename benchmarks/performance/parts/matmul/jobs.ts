/** What is timed on each engine: one entry a job. A job says how much arithmetic one call is. */
import { tf } from 'attribench';
import type { DatasetContent, Split } from '../../../../harness/contracts.ts';
import { buildNetwork } from '../../../../harness/network/build.ts';
import { stream } from '../../../../harness/random.ts';
import { DESCENT, descend } from '../../../../harness/training/gradient-descent.ts';
import { initialise } from '../../../../harness/training/initialisation.ts';
import mlp from '../../../../models/mlp.ts';

export interface Job {
  readonly id: string;
  readonly title: string;
  /** Floating-point operations of one unit of work. */
  readonly flop: number;
  /** Units of work (training steps, say) in one call. */
  readonly units: number;
  /** Training steps are also given as a share of the matrix multiplication rate. */
  readonly kind: 'product' | 'step';
  readonly run: () => Promise<void>;
  readonly dispose: () => void;
}

const BATCH = 256;
const STEPS = 6;
const SHAPE = [56, 28, 1] as const;
const CLASSES = 10;

/** Makes a job's data on the current engine; one at a time, to keep memory small. */
export const jobs: readonly (() => Job)[] = [
  () => product(1024, 1024, 1024),
  () => product(BATCH, 1568, 1568),
  () => product(1568, BATCH, 1568, { transposeA: true }),
  () => product(BATCH, 1568, 1568, { transposeB: true }),
  trainingStep,
];

/** [m, k] times [k, n]; a transposed side is stored the other way round, as in a layer's two gradients. */
function product(
  m: number,
  k: number,
  n: number,
  { transposeA = false, transposeB = false }: { transposeA?: boolean; transposeB?: boolean } = {},
): Job {
  const numbers = stream('performance', 'product', m, k, n);
  const matrix = (rows: number, columns: number) =>
    tf.tensor2d(numbers.uniforms(rows * columns, -1, 1), [rows, columns]);
  const a = transposeA ? matrix(k, m) : matrix(m, k);
  const b = transposeB ? matrix(n, k) : matrix(k, n);
  const side = (name: string, transposed: boolean) => (transposed ? `${name}ᵀ` : name);
  return {
    id: `product-${m}-${k}-${n}`,
    title: `matMul ${side('A', transposeA)}·${side('B', transposeB)}, ${m} x ${k} x ${n}`,
    flop: 2 * m * k * n,
    units: 1,
    kind: 'product',
    run: async () => tf.matMul(a, b, transposeA, transposeB).dispose(),
    dispose: () => tf.dispose([a, b]),
  };
}

/** Steps of the real training loop: batches, forward and backward pass, momentum and weight decay. */
function trainingStep(): Job {
  const architecture = { inputShape: SHAPE, classes: CLASSES, parameters: {} };
  const numbers = stream('performance', 'training');
  const weights = initialise(mlp, architecture, numbers.derive('initialisation'));
  const { trainable, dispose } = buildNetwork(mlp, architecture, weights);
  if (trainable === null) throw new Error('[attribench] the MLP cannot be trained');
  const parameters = weights.entries.reduce((sum, entry) => sum + entry.data.length, 0);
  const data = syntheticData(numbers.derive('data'));
  const settings = { ...DESCENT, learningRate: 0.01, epochs: 1, stopBelow: 0 };
  return {
    id: 'mlp-step',
    title: `training step, MLP 1568-1568-1568-${CLASSES}, batch ${BATCH}`,
    flop: 6 * parameters * BATCH,
    units: STEPS,
    kind: 'step',
    run: async () => {
      const signal = new AbortController().signal;
      await descend({ trainable, data, settings, adversary: null, stream: numbers, signal, progress: () => {} });
    },
    dispose,
  };
}

function syntheticData(numbers: ReturnType<typeof stream>): DatasetContent {
  const images = BATCH * STEPS;
  const size = SHAPE[0] * SHAPE[1] * SHAPE[2];
  const split: Split = {
    images: numbers.uniforms(images * size),
    labels: Int32Array.from({ length: images }, (_, i) => i % CLASSES),
  };
  const classes = Array.from({ length: CLASSES }, (_, i) => String(i));
  return {
    shape: SHAPE,
    classes,
    bounds: { low: 0, high: 1 },
    splits: { train: split, validation: split, test: split },
  };
}
