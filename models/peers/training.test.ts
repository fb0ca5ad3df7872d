/**
 * Training with batch normalisation beside torch.optim.SGD in float64 (regenerate.py), clean and under attack: the
 * losses, the moving statistics, and what evaluation makes of them.
 */
import { readFileSync } from 'node:fs';
import { type Adversary, type DatasetContent, DESCENT, defineModel, Stream, tf } from 'attribench';
import { expect, test } from 'vitest';
import { enginesPresent, loadEngine } from '../../harness/engine/index.ts';
import { buildNetwork, weightShapes } from '../../harness/network/build.ts';
import { makeWeights } from '../../harness/network/weights.ts';
import { type DescentSettings, descend } from '../../harness/training/gradient-descent.ts';
import { convolution, dense, globallyAveraged, network, normalised, relu, through } from '../support/layers.ts';
import { formulaWeight, uniform } from './formula.ts';

interface PeerTraining {
  readonly adversary: Adversary | null;
  readonly losses: readonly number[];
  readonly moving: { readonly [weight: string]: readonly number[] };
  /** Logits [images, classes] of the trained network on the training images. */
  readonly evaluation: readonly (readonly number[])[];
}

const fixture: {
  readonly settings: Pick<DescentSettings, 'learningRate' | 'momentum' | 'weightDecay' | 'batchSize' | 'epochs'>;
  readonly count: number;
  readonly trainings: readonly PeerTraining[];
} = JSON.parse(readFileSync(new URL('fixtures/training.json', import.meta.url), 'utf8'));

const tiny = defineModel({
  id: 'tiny',
  title: 'Tiny',
  cite: 'models/peers/regenerate.py',
  revision: 1,
  build: ({ inputShape, classes }) =>
    network(inputShape, (images) => {
      const square = { filters: 4, kernel: 3, padding: 1 };
      const stem = relu('relu-1', normalised('norm-1', convolution('conv-1', images, square)));
      const branch = normalised('norm-2', convolution('conv-2', stem, square));
      const sum = through(tf.layers.add({ name: 'add' }), stem, branch);
      return dense('logits', globallyAveraged('pool', relu('relu-2', sum)), classes);
    }),
});

/** A stream that leaves every order as it is. */
class InOrder extends Stream {
  override derive(): Stream {
    return this;
  }
  override permutation(count: number): Uint32Array {
    return Uint32Array.from({ length: count }, (_, i) => i);
  }
}

const shape = [6, 5, 2] as const;
const architecture = { inputShape: shape, classes: 3, parameters: {} };

const engines = (await enginesPresent()).filter(({ present }) => present).map(({ name }) => name);
const cases = engines.flatMap((engine) =>
  fixture.trainings.map((peer) => ({ engine, peer, how: peer.adversary?.norm ?? 'clean' })),
);

test.each(cases)("training with batch normalisation is torch's: $how on $engine", async ({ engine, peer }) => {
  await loadEngine(engine);
  const tensors: number[] = [];
  const images = Float32Array.from(uniform('images', fixture.count * 60));
  const labels = Int32Array.from({ length: fixture.count }, (_, i) => i % 3);
  const split = { images, labels };
  const data: DatasetContent = {
    shape,
    classes: ['a', 'b', 'c'],
    bounds: { low: 0, high: 1 },
    splits: { train: split, validation: split, test: split },
  };
  const weights = makeWeights(weightShapes(tiny, architecture).map(formulaWeight));
  const built = buildNetwork(tiny, architecture, weights);
  if (built.trainable === null) throw new Error('the tiny network cannot be trained');
  const { log } = await descend({
    trainable: built.trainable,
    data,
    settings: { ...DESCENT, ...fixture.settings },
    adversary: peer.adversary,
    stream: new InOrder(['in order']),
    signal: new AbortController().signal,
    progress: () => tensors.push(tf.memory().numTensors),
  });
  const aEpoch = tensors.length / fixture.settings.epochs;
  expect(tensors.slice(-aEpoch), 'tensors alive').toEqual(tensors.slice(0, aEpoch));
  log.forEach(({ loss }, epoch) => {
    expect(loss, `epoch ${epoch + 1}`).toBeCloseTo(peer.losses[epoch] ?? Number.NaN, 4);
  });
  const { entries } = await built.trainable.snapshot();
  for (const [name, expected] of Object.entries(peer.moving)) {
    const values = entries.find((entry) => entry.name === name)?.data ?? [];
    expected.forEach((value, i) => {
      expect(values[i], `${name}[${i}]`).toBeCloseTo(value, 4);
    });
  }
  const batch = tf.tensor4d(images, [fixture.count, ...shape]);
  const logits = built.network.logits(batch);
  peer.evaluation.flat().forEach((value, i) => {
    expect(logits.dataSync()[i], `logit ${i}`).toBeCloseTo(value, 3);
  });
  tf.dispose([batch, logits]);
  built.dispose();
});
