/** What is known of one function for inputs of each shape: nothing, what it did once, its graph, or that it has none. */
import * as tf from '../../../tfjs.js';
import type { Computation } from '../../program.ts';
import type { NativeOperations } from '../operations.ts';
import type { GraphCache } from './graph-cache.ts';
import { type Recorded, record } from './recorder.ts';
import { digestOf, isGiven, type Recording } from './recording.ts';

/** Graphs of one function: who brings more shapes brings each of them rarely. */
const MOST_SHAPES = 8;

const refusals: string[] = [];

/** Why functions of this process run operation by operation, in the order of their discovery. */
export const refusedPrograms = (): readonly string[] => [...refusals];

/** What is known for one shape. */
export interface Known<Graph> {
  readonly graph: Graph | undefined;
  readonly refused: boolean;
}

interface Knowledge<Graph> extends Known<Graph> {
  graph: Graph | undefined;
  refused: boolean;
  /** The digest of what it did last. */
  digest: string | undefined;
}

export class KnownShapes<Graph extends { dispose(): void }> {
  readonly #native: NativeOperations;
  readonly #graphs: GraphCache<Graph>;
  readonly #known = new Map<string, Knowledge<Graph>>();

  constructor(native: NativeOperations, graphs: GraphCache<Graph>) {
    this.#native = native;
    this.#graphs = graphs;
  }

  of(inputs: readonly tf.Tensor[]): Known<Graph> {
    const key = inputs.map(({ dtype, shape }) => `${dtype}[${shape}]`).join();
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const fresh = { graph: undefined, refused: this.#known.size >= MOST_SHAPES, digest: undefined };
    if (!fresh.refused) this.#known.set(key, fresh);
    return fresh;
  }

  /**
   * Runs the function and takes what it did; its results. It must do the same twice; the graph is then one that is proven,
   * or the one that `load` makes of it, if that gives the results that the call had.
   */
  learn(
    known: Known<Graph>,
    inputs: readonly tf.Tensor[],
    computation: Computation,
    load: (recording: Recording) => Graph,
    run: (graph: Graph) => tf.Tensor[],
  ): tf.Tensor[] {
    const own = known as Knowledge<Graph>;
    const recorded = record(this.#native, computation, inputs, this.#graphs.scripts(own.digest));
    if (recorded.rehearsed !== undefined) return this.#follow(own, recorded.rehearsed.digest, run);
    this.#take(own, recorded, load, run);
    return recorded.results;
  }

  /** What a graph gives that is proven to do what the function did. */
  #follow(own: Knowledge<Graph>, digest: string, run: (graph: Graph) => tf.Tensor[]): tf.Tensor[] {
    const graph = this.#graphs.take(digest) as Graph;
    const isSecond = own.digest === digest;
    own.digest = digest;
    if (isSecond) own.graph = graph;
    try {
      return run(graph);
    } finally {
      if (!isSecond) this.#graphs.giveBack(digest);
    }
  }

  #take(
    own: Knowledge<Graph>,
    { recording, refusal, results }: Recorded,
    load: (recording: Recording) => Graph,
    run: (graph: Graph) => tf.Tensor[],
  ): void {
    const refuse = (reason: string) => {
      own.refused = true;
      refusals.push(reason);
    };
    if (refusal !== undefined) refuse(refusal);
    if (recording === undefined) return;
    const before = own.digest;
    const digest = digestOf(recording);
    own.digest = digest;
    if (before === undefined) return;
    if (before !== digest) return void refuse('it does not do the same in every call');
    own.graph = this.#graphs.take(digest);
    const made = results.filter((_, i) => !isGiven(recording, recording.results[i] as string));
    if (own.graph !== undefined || !made.some((result) => this.#isTelling(result))) return;
    let graph: Graph | undefined;
    try {
      graph = load(recording);
      const found = graph;
      if (tf.tidy(() => this.#sameBits(results, run(found)))) own.graph = graph;
      else refuse('its graph gives other bits');
    } catch (error) {
      refuse(`the library takes no such graph: ${error instanceof Error ? error.message : error}`);
    }
    if (own.graph === undefined) graph?.dispose();
    else this.#graphs.add({ ...recording, digest }, own.graph);
  }

  /** Whether a tensor holds two different numbers: functions that differ may all give zeros, or NaN. */
  #isTelling(tensor: tf.Tensor): boolean {
    const values = this.#valuesOf([tensor])[0] as ArrayLike<number>;
    for (let i = 1; i < values.length; i++) {
      if (values[i] !== values[0] && !Number.isNaN(values[i]) && !Number.isNaN(values[0])) return true;
    }
    return false;
  }

  #sameBits(a: readonly tf.Tensor[], b: readonly tf.Tensor[]): boolean {
    const bytesOf = (tensors: readonly tf.Tensor[]) =>
      this.#valuesOf(tensors).map(
        ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength),
      );
    const others = bytesOf(b);
    return bytesOf(a).every((bytes, i) => Buffer.compare(bytes, others[i] as Uint8Array) === 0);
  }

  #valuesOf(tensors: readonly tf.Tensor[]) {
    return this.#native.getInputTensorIds(tensors).map((id) => this.#native.binding.tensorDataSync(id));
  }

  dispose(): void {
    for (const { graph, digest } of this.#known.values()) {
      if (graph !== undefined && digest !== undefined) this.#graphs.giveBack(digest);
    }
    this.#known.clear();
  }
}
