/**
 * A step's inputs, opened from the store: data sets, trained networks, maps.
 *
 * Networks built here are disposed with the inputs. Decoded data sets are kept for the next steps of
 * the same process, since most steps of a worker read the same one.
 */
import type {
  AttributionMaps,
  DatasetContent,
  ImageShape,
  Images,
  Need,
  Network,
  Parameters,
  PluginReference,
  Rank,
  Step,
  StepAddress,
  TrainedNetwork,
  Weights,
} from '../../contracts.ts';
import { decodeDataset } from '../../data/content.ts';
import { imageReader } from '../../data/reader.ts';
import { NotApplicable } from '../../errors.ts';
import { decodeSafetensors } from '../../formats/safetensors.ts';
import { type BuiltNetwork, buildNetwork } from '../../network/build.ts';
import { decodeWeights } from '../../network/weights.ts';
import { importPlugin } from '../../plugins.ts';
import { MissingInput } from '../missing-input.ts';
import type { StepContext } from '../run-step.ts';
import type { Artifact, ArtifactHead, ReadArtifact } from '../store.ts';

/** What a training step keeps beside its weights. */
export interface TrainingMetadata {
  readonly inputShape: ImageShape;
  readonly classes: number;
  readonly status: TrainedNetwork['status'];
  readonly log: TrainedNetwork['log'];
  readonly figures: TrainedNetwork['figures'];
}

/** What an attribution step keeps beside its maps. */
export interface MapsMetadata {
  readonly shape: ImageShape;
  readonly rank: Rank;
  readonly images: number;
}

/** What a stacked retraining keeps beside its predictions: each network's own head, by place. */
export interface StackedMetadata {
  readonly members: readonly Pick<ArtifactHead, 'outcome' | 'metadata'>[];
}

/** The part that holds a retraining's predictions: of a network at a place of a stack, or of one alone. */
export function predictionsPart(place?: number): string {
  return place === undefined ? 'predictions' : `predictions-${place}`;
}

const CACHED_DATASETS = 4;
const datasets = new Map<string, DatasetContent<Images>>();

export class StepInputs {
  readonly #step: Step;
  readonly #context: StepContext;
  readonly #networks: BuiltNetwork[] = [];

  constructor(step: Step, context: StepContext) {
    this.#step = step;
    this.#context = context;
  }

  async head(name: string): Promise<ArtifactHead> {
    const address = this.#address(name);
    const head = (await this.#context.store.readHead(address)) ?? this.#missing(address);
    return address.place === undefined ? head : headOfMember(head, address.place);
  }

  async artifact(name: string): Promise<ReadArtifact> {
    const address = this.#address(name);
    return (await this.#context.store.read(address)) ?? this.#missing(address);
  }

  async dataset(name: string): Promise<DatasetContent<Images>> {
    const { key } = this.#address(name);
    const known = datasets.get(key);
    if (known !== undefined) return known;
    const { metadata, parts, shards = {} } = await this.artifact(name);
    const { shape } = metadata as unknown as Pick<DatasetContent, 'shape'>;
    const readers = Object.entries(shards).map(
      ([part, files]) => [part, imageReader(files, shape[0] * shape[1] * shape[2])] as const,
    );
    const content = decodeDataset(metadata, parts, Object.fromEntries(readers));
    datasets.set(key, content);
    for (const old of [...datasets.keys()].slice(0, -CACHED_DATASETS)) datasets.delete(old);
    return content;
  }

  async training(name: string): Promise<TrainedNetwork> {
    const { metadata, parts } = await this.artifact(name);
    const { log, status, figures } = metadata as unknown as TrainingMetadata;
    const initial = parts.initial === undefined ? null : decodeWeights(parts.initial);
    return { initial, final: decodeWeights(part(parts, 'final', name)), log, status, figures };
  }

  /** A network for a training input; its model is the step's plugin of the same name. */
  async network(name: string, which: 'final' | 'initial' = 'final'): Promise<BuiltNetwork> {
    const { metadata, parts } = await this.artifact(name);
    if (which === 'initial' && parts.initial === undefined) {
      throw new NotApplicable('the weights were given, and nothing is known of the network before its training');
    }
    const { inputShape, classes } = metadata as unknown as TrainingMetadata;
    const weights: Weights = decodeWeights(part(parts, which, name));
    const model = await this.plugin(name, 'model');
    const parameters: Parameters = this.#step.parameters[name] ?? {};
    const built = buildNetwork(model, { inputShape, classes, parameters }, weights);
    this.#networks.push(built);
    return built;
  }

  async maps(name: string): Promise<AttributionMaps> {
    const { metadata, parts } = await this.artifact(name);
    const { shape, rank } = metadata as unknown as MapsMetadata;
    const entries = decodeSafetensors(part(parts, 'maps', name)).entries;
    const values = entries.find((entry) => entry.name === 'values')?.data;
    const classes = entries.find((entry) => entry.name === 'classes')?.data;
    if (!(values instanceof Float32Array) || !(classes instanceof Int32Array)) {
      throw new Error(`[attribench] ${this.#step.label}: maps "${name}" lack values or classes`);
    }
    return { shape, rank, values, classes };
  }

  /** Of a retraining input: the predicted class of each test image. */
  async predictions(name: string): Promise<Int32Array> {
    const { parts } = await this.artifact(name);
    const { place } = this.#address(name);
    const [classes] = decodeSafetensors(part(parts, predictionsPart(place), name)).entries;
    if (!(classes?.data instanceof Int32Array)) {
      throw new Error(`[attribench] ${this.#step.label}: predictions "${name}" hold no classes`);
    }
    return classes.data;
  }

  /** The step's plugin of a role, imported. */
  async plugin<K extends PluginReference['kind']>(role: string, kind: K) {
    const reference = this.#step.plugins[role];
    if (reference === undefined) throw new Error(`[attribench] ${this.#step.label}: no plugin for "${role}"`);
    const plugin = await importPlugin(reference);
    if (plugin.kind !== kind) throw new Error(`[attribench] ${this.#step.label}: "${role}" is a ${plugin.kind}`);
    return plugin as Extract<typeof plugin, { readonly kind: K }>;
  }

  dispose(): void {
    for (const network of this.#networks.splice(0)) network.dispose();
  }

  #address(name: string): StepAddress {
    const address = this.#step.inputs[name];
    if (address === undefined) {
      const known = Object.keys(this.#step.inputs).join(', ');
      throw new Error(`[attribench] ${this.#step.label}: no input "${name}"; it has ${known}`);
    }
    return address;
  }

  #missing(address: StepAddress): never {
    throw new MissingInput(address, this.#step.label);
  }
}

/** One network's head in a stack's; where the whole stack was skipped or excluded, that outcome is each network's. */
function headOfMember(head: ArtifactHead, place: number): ArtifactHead {
  if (head.outcome.status !== 'completed') return head;
  const { members } = head.metadata as unknown as StackedMetadata;
  const member = members[place];
  if (member === undefined) throw new Error(`[attribench] a stack of ${members.length} has no network ${place}`);
  return { ...member, seconds: head.seconds / members.length };
}

function part(parts: Artifact['parts'], name: string, input: string): Uint8Array {
  const bytes = parts[name];
  if (bytes === undefined) throw new Error(`[attribench] input "${input}" has no part "${name}"`);
  return bytes;
}

/** The capabilities of a built network as a check sees them. */
export type EvaluationNetwork = Network<Extract<Need, 'gradient' | 'weights'>>;
