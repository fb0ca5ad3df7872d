/**
 * Our architectures beside torchvision's: numbers of parameters, and logits on the same weights and images.
 *
 * torchvision computed in float64 (regenerate.py), so that distances are our float32 rounding through up to 121 layers.
 */
import { readFileSync } from 'node:fs';
import { type ImageShape, type Model, type Parameters, resolveParameters, tf } from 'attribench';
import { describe, expect, test } from 'vitest';
import { loadEngine } from '../../harness/engine/index.ts';
import { buildNetwork, weightShapes } from '../../harness/network/build.ts';
import { makeWeights } from '../../harness/network/weights.ts';
import { formulaWeight, uniform } from './formula.ts';

const ROUNDING = 2e-5;

interface Architecture {
  readonly name: string;
  readonly model: string;
  readonly parameters: Parameters;
  readonly inputShape: ImageShape;
  readonly classes: number;
  readonly weights: number;
  /** [images, classes] */
  readonly logits: readonly (readonly number[])[];
}

interface Count extends Pick<Architecture, 'model' | 'parameters' | 'classes' | 'weights'> {
  /** Rows and columns of its coloured images. */
  readonly side: number;
}

const fixture: { readonly counts: readonly Count[]; readonly architectures: readonly Architecture[] } = JSON.parse(
  readFileSync(new URL('fixtures/torchvision.json', import.meta.url), 'utf8'),
);

async function modelNamed(id: string): Promise<Model> {
  const { default: model }: { default: Model } = await import(new URL(`../${id}.ts`, import.meta.url).href);
  return model;
}

/** What PyTorch calls parameters: all weights but the moving statistics. */
function countParameters(shapes: ReturnType<typeof weightShapes>): number {
  return shapes
    .filter(({ short }) => !short.startsWith('moving'))
    .reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
}

describe('architectures of torchvision 0.29.2', () => {
  test.each(fixture.counts)('$model has $weights parameters for $classes classes, $parameters', async (peer) => {
    await loadEngine('cpu');
    const model = await modelNamed(peer.model);
    const parameters = resolveParameters(model, peer.parameters);
    const shapes = weightShapes(model, { inputShape: [peer.side, peer.side, 3], classes: peer.classes, parameters });
    expect(countParameters(shapes)).toBe(peer.weights);
  });

  test.each(fixture.architectures)('$model, $name: $weights parameters and the same logits', async (peer) => {
    await loadEngine('wasm');
    const model = await modelNamed(peer.model);
    const { inputShape, classes } = peer;
    const architecture = { inputShape, classes, parameters: resolveParameters(model, peer.parameters) };
    const shapes = weightShapes(model, architecture);
    expect(countParameters(shapes)).toBe(peer.weights);
    const { network, dispose } = buildNetwork(model, architecture, makeWeights(shapes.map(formulaWeight)));
    const size = inputShape[0] * inputShape[1] * inputShape[2];
    const images = tf.tensor4d(Float32Array.from(uniform('images', 2 * size)), [2, ...inputShape]);
    const logits = network.logits(images);
    const expected = peer.logits.flat();
    const scale = Math.max(...expected.map(Math.abs));
    (await logits.data()).forEach((value, i) => {
      expect(Math.abs(value - (expected[i] ?? Number.NaN)) / scale, `logit ${i}`).toBeLessThan(ROUNDING);
    });
    tf.dispose([images, logits]);
    dispose();
  });
});
