/**
 * The networks that are timed, and the file that brings one network's weights and images to both sides.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ImageShape, type Model, type Parameters, stream } from 'attribench';
import { decodeSafetensors, encodeSafetensors, type TensorEntry } from '../../../harness/formats/safetensors.ts';
import { type BuiltNetwork, buildNetwork } from '../../../harness/network/build.ts';
import { makeWeights } from '../../../harness/network/weights.ts';
import { homeFolder } from '../../../harness/project.ts';
import { initialise } from '../../../harness/training/initialisation.ts';
import mlp from '../../../models/mlp.ts';
import resnet18 from '../../../models/resnet-18.ts';

export interface TimedNetwork {
  readonly title: string;
  readonly model: Model;
  readonly inputShape: ImageShape;
  readonly classes: number;
  readonly parameters: Parameters;
}

/** By id; benchmarks/peers/networks.py holds each id's twin. */
export const NETWORKS: { readonly [id: string]: TimedNetwork } = {
  'mlp-392': { title: 'MLP 392', model: mlp, inputShape: [28, 14, 1], classes: 10, parameters: {} },
  'mlp-784': { title: 'MLP 784', model: mlp, inputShape: [28, 28, 1], classes: 10, parameters: {} },
  'mlp-1568': { title: 'MLP 1568', model: mlp, inputShape: [56, 28, 1], classes: 2, parameters: {} },
  'resnet-18': {
    title: 'ResNet-18 of width 16',
    model: resnet18,
    inputShape: [32, 32, 3],
    classes: 10,
    parameters: { width: 16, stem: 'cifar' },
  },
};

const IMAGES = 256;

export function timedNetwork(id: string): TimedNetwork {
  const found = NETWORKS[id];
  if (found === undefined) throw new RangeError(`[attribench] network "${id}", expected ${Object.keys(NETWORKS)}`);
  return found;
}

/** Writes initial weights and random images of a network; returns the file's path. */
export async function writeNetworkFile(id: string): Promise<string> {
  const { model, inputShape, classes, parameters } = timedNetwork(id);
  const numbers = stream('performance', id);
  const { entries } = initialise(model, { inputShape, classes, parameters }, numbers.derive('weights'));
  const size = inputShape[0] * inputShape[1] * inputShape[2];
  const images = (name: string): TensorEntry => ({
    name,
    shape: [IMAGES, ...inputShape],
    data: numbers.derive(name).uniforms(IMAGES * size),
  });
  const weights = entries.map((entry) => ({ ...entry, name: `weights/${entry.name}` }));
  const folder = join(homeFolder(), 'performance');
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${id}.safetensors`);
  await writeFile(path, encodeSafetensors([...weights, images('images'), images('references')]));
  return path;
}

/** What a file holds. */
export interface NetworkFile {
  readonly images: Float32Array;
  readonly references: Float32Array;
  /** A network of its weights on the current engine. */
  build(): BuiltNetwork;
}

export async function readNetworkFile(id: string, path: string): Promise<NetworkFile> {
  const { model, inputShape, classes, parameters } = timedNetwork(id);
  const { entries } = decodeSafetensors(await readFile(path));
  const floats = (name: string) => {
    const data = entries.find((entry) => entry.name === name)?.data;
    if (!(data instanceof Float32Array)) throw new Error(`[attribench] ${path} lacks "${name}"`);
    return data;
  };
  const prefix = 'weights/';
  const weights = makeWeights(
    entries.flatMap(({ name, shape, data }) =>
      name.startsWith(prefix) && data instanceof Float32Array ? [{ name: name.slice(prefix.length), shape, data }] : [],
    ),
  );
  return {
    images: floats('images'),
    references: floats('references'),
    build: () => buildNetwork(model, { inputShape, classes, parameters }, weights),
  };
}
