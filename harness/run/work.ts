/**
 * How much work each step of a plan is, where that is known: arithmetic of trainings, bytes of what is kept.
 *
 * Both follow from the data set's shape and counts, which are known once its artifact is in the store.
 */
import type { ImageShape, Parameters, Step } from '../contracts.ts';
import { decodeDataset } from '../data/content.ts';
import { type NetworkSize, networkSize } from '../network/flop.ts';
import { importPlugin } from '../plugins.ts';
import { maskedShape } from '../removal/masked-split.ts';
import { networksOf } from '../steps/stacks.ts';
import type { Store } from '../steps/store.ts';

/** null where it is not known. */
export interface Work {
  /** Floating-point operations; of a training that may stop early, at most so many. */
  readonly flop: number | null;
  /** Bytes that the step leaves in the store. */
  readonly bytes: number | null;
}

/** What a data set's artifact tells of its size. */
export interface DatasetFacts {
  readonly shape: ImageShape;
  readonly classes: number;
  readonly images: { readonly train: number; readonly test: number };
}

const UNKNOWN: Work = { flop: null, bytes: null };
const FLOAT = 4;

/** The work of steps by key. */
export async function workOf(
  steps: readonly Step[],
  store: Pick<Store, 'has' | 'read'>,
): Promise<ReadonlyMap<string, Work>> {
  const known = new Map<string, DatasetFacts | null>();
  const sizes = new Map<string, NetworkSize | null>();
  const factsOf = async (step: Step): Promise<DatasetFacts | null> => {
    const { data } = step.inputs;
    if (data === undefined) return null;
    const found = known.get(data.key);
    if (found !== undefined) return found;
    const facts = await readFacts(data, store);
    known.set(data.key, facts);
    return facts;
  };
  const sizeOf = async (
    step: Step,
    { shape, classes }: DatasetFacts,
    inputShape: ImageShape,
  ): Promise<NetworkSize | null> => {
    const reference = step.plugins.model;
    if (reference === undefined) return null;
    const parameters: Parameters = step.parameters.model ?? {};
    const name = JSON.stringify([reference.id, parameters, shape, inputShape, classes]);
    const found = sizes.get(name);
    if (found !== undefined) return found;
    const model = await importPlugin(reference);
    const request = { inputShape, classes, parameters, widthShape: shape };
    const size = model.kind === 'model' ? networkSize(model, request) : null;
    sizes.set(name, size);
    return size;
  };
  const work = new Map<string, Work>();
  for (const step of steps) {
    const facts = await factsOf(step);
    work.set(step.key, facts === null ? UNKNOWN : await workOn(step, facts, (shape) => sizeOf(step, facts, shape)));
  }
  return work;
}

async function workOn(
  step: Step,
  { shape, images }: DatasetFacts,
  sizeFor: (inputShape: ImageShape) => Promise<NetworkSize | null>,
): Promise<Work> {
  const own = step.parameters.step ?? {};
  if (step.kind === 'attribution') {
    const count = own.split === 'train' ? images.train : images.test;
    return { flop: null, bytes: count * FLOAT * (shape[0] * shape[1] * shape[2] + 1) };
  }
  if (step.kind === 'retraining' || step.kind === 'stacked-retraining') {
    const { epochs } = own.descent as unknown as { readonly epochs: number };
    // The networks of a stack see images of one shape.
    const { input } = step.kind === 'retraining' ? own : ((own.members as readonly Parameters[])[0] as Parameters);
    const size = await sizeFor(maskedShape(shape, input as 'image'));
    const networks = networksOf(step);
    return {
      flop: size && networks * trainingFlop(size, images.train * epochs),
      bytes: networks * images.test * FLOAT,
    };
  }
  if (step.kind === 'training') {
    const reference = step.plugins.training;
    const training = reference && (await importPlugin(reference));
    const size = await sizeFor(shape);
    if (training?.kind !== 'training' || size === null) return UNKNOWN;
    const passes = training.passes?.(step.parameters.training ?? {});
    return {
      flop: passes === undefined ? null : trainingFlop(size, images.train * passes),
      bytes: 2 * FLOAT * size.parameters,
    };
  }
  return UNKNOWN;
}

/** Forward, gradient of the weights and gradient of what each layer reads: three products of one size. */
function trainingFlop({ forward }: NetworkSize, images: number): number {
  return 3 * forward * images;
}

/** The facts of a data set in the store, null where it is not there. */
export async function readFacts(
  address: { readonly key: string },
  store: Pick<Store, 'has' | 'read'>,
): Promise<DatasetFacts | null> {
  if (!(await store.has(address))) return null;
  const artifact = await store.read(address);
  if (artifact === undefined) return null;
  const unread = { gather: () => new Uint8Array() };
  const readers = { 'train-images': unread, 'validation-images': unread, 'test-images': unread };
  const { shape, classes, splits } = decodeDataset(artifact.metadata, artifact.parts, readers);
  return {
    shape,
    classes: classes.length,
    images: { train: splits.train.labels.length, test: splits.test.labels.length },
  };
}
