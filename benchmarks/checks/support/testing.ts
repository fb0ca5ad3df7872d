/**
 * Stand-ins for what the harness hands to an evaluation, and images whose right answer is known.
 */
import type { Tensor2D, Tensor4D } from '@tensorflow/tfjs';
import {
  type AttributionMaps,
  type Check,
  type DatasetContent,
  type EvaluationInputs,
  type GradientNetwork,
  type ImageShape,
  type Json,
  type Judgement,
  type Measure,
  type Network,
  type Split,
  Stream,
  stream,
  type TrainedNetwork,
  tf,
} from 'attribench';
import { withoutStem } from '../../../harness/network/stem.ts';

export const SHAPE: ImageShape = [8, 4, 1];
const [HEIGHT, WIDTH] = SHAPE;
export const PIXELS = HEIGHT * WIDTH;

/** A split of uniform noise: label i mod 2; the signal block is the upper half where `onTop(i)`. */
export function blocks(images: number, onTop: (image: number) => boolean, name = 'blocks'): Split {
  const signal = new Uint8Array(images * PIXELS);
  for (let image = 0; image < images; image++) {
    const from = image * PIXELS + (onTop(image) ? 0 : PIXELS / 2);
    signal.fill(1, from, from + PIXELS / 2);
  }
  return {
    images: stream(name).uniforms(images * PIXELS, 0.1, 1),
    labels: Int32Array.from({ length: images }, (_, image) => image % 2),
    masks: { signal, null: signal.map((inside) => 1 - inside) },
  };
}

export function content(test: Split): DatasetContent {
  return {
    shape: SHAPE,
    classes: ['a', 'b'],
    bounds: { low: 0, high: 1 },
    splits: { train: test, validation: test, test },
  };
}

/** Maps from a function of (image, coordinate); every image explained as its label. */
export function mapsOf(
  split: Split,
  value: (image: number, coordinate: number) => number,
  rank: AttributionMaps['rank'] = 'magnitude',
): AttributionMaps {
  const values = Float32Array.from({ length: split.labels.length * PIXELS }, (_, i) =>
    value(Math.floor(i / PIXELS), i % PIXELS),
  );
  return { shape: SHAPE, rank, values, classes: split.labels };
}

/** A stream whose permutations are the identity: ties broken by index. */
export class IndexOrder extends Stream {
  override derive(): Stream {
    return this;
  }

  override permutation(count: number): Uint32Array {
    return Uint32Array.from({ length: count }, (_, i) => i);
  }
}

/** Class 1 where the mean of the pixels in [from, to) lies above one half. */
export function brightness(from: number, to: number): Network<'gradient' | 'weights'> {
  const logits = (images: Tensor4D) =>
    tf.tidy(() => {
      const seen = tf.slice(tf.reshape(images, [-1, PIXELS]), [0, from], [-1, to - from]);
      const above = tf.sub(tf.mean(seen, 1, true), 0.5);
      return tf.concat([tf.neg(above), above], 1) as Tensor2D;
    });
  const inputGradient: GradientNetwork['inputGradient'] = (images, objective) =>
    tf.grad((x) => tf.sum(objective(logits(x as Tensor4D))))(images) as Tensor4D;
  return {
    inputShape: SHAPE,
    classes: 2,
    weights: {},
    logits,
    inputGradient,
    ...withoutStem({ inputGradient }),
  };
}

export interface Opened {
  readonly datasets?: { readonly [name: string]: DatasetContent };
  readonly maps?: { readonly [name: string]: AttributionMaps };
  readonly networks?: { readonly [name: string]: Network<'gradient' | 'weights'> };
  readonly trainings?: { readonly [name: string]: TrainedNetwork };
  readonly predictions?: { readonly [name: string]: Int32Array };
  readonly values?: { readonly [name: string]: Json };
}

/** Runs an evaluation of a check (by default its first) as the harness would: the output has passed through JSON. */
export async function evaluate(
  check: Check,
  opened: Opened,
  ties: Stream = stream('ties'),
  name = Object.keys(check.evaluations)[0] ?? '',
): Promise<Json> {
  const evaluation = check.evaluations[name];
  if (evaluation === undefined) throw new Error(`${check.id} has no evaluation "${name}"`);
  const open = <T>(from: { readonly [name: string]: T } | undefined, name: string): Promise<T> => {
    const found = from?.[name];
    return found === undefined ? Promise.reject(new Error(`no input ${name}`)) : Promise.resolve(found);
  };
  const inputs: EvaluationInputs = {
    dataset: (name) => open(opened.datasets, name),
    network: (name) => open(opened.networks, name),
    training: (name) => open(opened.trainings, name),
    maps: (name) => open(opened.maps, name),
    predictions: (name) => open(opened.predictions, name),
    value: (name) => open(opened.values, name),
  };
  const output = await evaluation(inputs, {
    check: check.parameters,
    parameters: {},
    stream: ties,
    signal: new AbortController().signal,
    progress: () => {},
  });
  return JSON.parse(JSON.stringify(output));
}

/** The judgement over trainings that each gave one output; null is an excluded training. */
export function judge(check: Check, outputs: readonly (Json | null)[]): Judgement {
  const plugin = (id: string) => ({ id, revision: 1, parameters: {} });
  return check.judge(
    outputs.map((value) =>
      value === null ? { status: 'excluded', reason: 'never left ln 2' } : { status: 'completed', value },
    ),
    {
      check: { id: check.id, revision: check.revision, parameters: check.parameters },
      dataset: plugin('data'),
      model: plugin('model'),
      training: plugin('training'),
      method: plugin('method'),
    },
  );
}

export function measureOf({ measures }: Judgement, id: string): Measure {
  const found = measures.find((candidate) => candidate.id === id);
  if (found === undefined) throw new Error(`no measure ${id} among ${measures.map((m) => m.id).join(', ')}`);
  return found;
}
