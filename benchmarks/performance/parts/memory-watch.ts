/** The child of memory.ts: 1,000 steps on one engine, and what they leave in memory, as one line of JSON. */
import { existsSync, readFileSync } from 'node:fs';
import { DESCENT, type Method, type Need, type Network, stream, tf } from 'attribench';
import { loadEngine } from '../../../harness/engine/index.ts';
import { buildNetwork } from '../../../harness/network/build.ts';
import { descend } from '../../../harness/training/gradient-descent.ts';
import { initialise } from '../../../harness/training/initialisation.ts';
import inputGradient from '../../../methods/input-gradient.ts';
import occlusion from '../../../methods/occlusion.ts';
import mlp from '../../../models/mlp.ts';
import { trainingData } from '../contest/training.ts';

export interface MemorySample {
  readonly step: number;
  readonly tensors: number;
  /** Bytes of all tensors. */
  readonly bytes: number;
  /** MiB of the process. */
  readonly resident: number;
  /** MiB, pages that other processes share divided among them; null where the system does not tell. */
  readonly proportional: number | null;
}

export interface MemoryFound {
  readonly samples: readonly MemorySample[];
  /** MiB, the most that was ever resident; null where the system does not tell. */
  readonly peak: number | null;
}

const STEPS = 1000;
const EVERY = 200;
const BATCH = 32;

const [engine = ''] = process.argv.slice(2);
await loadEngine(engine);
const samples: MemorySample[] = [];
// Plain JavaScript computes a hundredth as fast, and so does a GPU in software.
const side = engine === 'cpu' || engine === 'webgpu' ? 5 : 14;
const inputShape = [side, side, 1] as const;
const size = side * side;
const architecture = { inputShape, classes: 10, parameters: {} };
const numbers = stream('performance', 'memory');
const built = buildNetwork(mlp, architecture, initialise(mlp, architecture, numbers.derive('weights')));
const { trainable } = built;
if (trainable === null) throw new Error('[attribench] the MLP cannot be trained');
const data = trainingData(inputShape, numbers.uniforms(BATCH * size), 10);
const settings = { ...DESCENT, learningRate: 0.01, epochs: 1, stopBelow: 0, batchSize: BATCH };
const adversary = { norm: 'l2', eps: 1, steps: 2 } as const;
const signal = new AbortController().signal;
for (let step = 0; step <= STEPS; step++) {
  await descend({ trainable, data, settings, adversary, stream: numbers, signal, progress: () => {} });
  for (const method of [inputGradient, occlusion] as unknown as Method[]) await explain(method);
  if (step % EVERY !== 0) continue;
  globalThis.gc?.();
  const { numTensors: tensors, numBytes: bytes } = tf.memory();
  const resident = process.memoryUsage().rss / 2 ** 20;
  samples.push({ step, tensors, bytes, resident, proportional: told('/proc/self/smaps_rollup', 'Pss') });
}
built.dispose();
const found: MemoryFound = { samples, peak: told('/proc/self/status', 'VmHWM') };
process.stdout.write(`${JSON.stringify(found)}\n`);

/** MiB of a line 'name: 1234 kB' of Linux's account of this process. */
function told(file: string, name: string): number | null {
  if (!existsSync(file)) return null;
  const kibibytes = new RegExp(`^${name}:\\s*(\\d+) kB`, 'm').exec(readFileSync(file, 'utf8'))?.[1];
  return kibibytes === undefined ? null : Number(kibibytes) / 1024;
}

async function explain(method: Method): Promise<void> {
  const images = tf.tensor4d(data.splits.test.images.slice(0, 8 * size) as Float32Array, [8, ...inputShape]);
  const classes = tf.zeros<tf.Rank.R1>([8], 'int32');
  const map = await method.attribute({
    network: built.network as unknown as Network<Need>,
    images,
    classes,
    streams: Array.from({ length: 8 }, (_, image) => numbers.derive(image)),
    bounds: data.bounds,
    parameters: 'parameters' in method ? method.parameters : {},
    reference: undefined as never,
    truth: undefined as never,
    auxiliary: undefined as never,
    signal,
    progress: () => {},
  });
  await map.data();
  tf.dispose([images, classes, map]);
}
