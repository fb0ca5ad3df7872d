/** What is known of one function for inputs of each shape: nothing, what it did once, its graph, or that it has none. */
import * as tf from '@tensorflow/tfjs';
import type { NativeOperations } from '../operations.ts';
import type { GraphCache } from './graph-cache.ts';
import type { Recorded } from './recorder.ts';
import { digestOf, type Recording } from './recording.ts';

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
   * Takes what a call did. Where that has a proven graph, it is known from then on; else it must be done twice, and the
   * graph that `load` makes of it is proven by the results that the second call had.
   */
  learn(
    known: Known<Graph>,
    { recording, refusal, results }: Recorded,
    load: (recording: Recording) => Graph,
    run: (graph: Graph) => readonly tf.Tensor[],
  ): void {
    const own = known as Knowledge<Graph>;
    const refuse = (reason: string) => {
      own.refused = true;
      refusals.push(reason);
    };
    if (recording === undefined) return void refuse(refusal ?? '');
    const before = own.digest;
    const digest = digestOf(recording);
    own.digest = digest;
    own.graph = this.#graphs.take(digest);
    if (own.graph !== undefined || before === undefined) return;
    if (before !== digest) return void refuse('it does not do the same in every call');
    try {
      const graph = load(recording);
      if (tf.tidy(() => this.#sameBits(results, run(graph)))) {
        this.#graphs.add(digest, graph);
        own.graph = graph;
      } else {
        graph.dispose();
        refuse('its graph gives other bits');
      }
    } catch (error) {
      refuse(`the library takes no such graph: ${error instanceof Error ? error.message : error}`);
    }
  }

  #sameBits(a: readonly tf.Tensor[], b: readonly tf.Tensor[]): boolean {
    const bytesOf = (tensors: readonly tf.Tensor[]) =>
      this.#native.getInputTensorIds(tensors).map((id) => {
        const { buffer, byteOffset, byteLength } = this.#native.binding.tensorDataSync(id);
        return new Uint8Array(buffer, byteOffset, byteLength);
      });
    const others = bytesOf(b);
    return bytesOf(a).every((bytes, i) => Buffer.compare(bytes, others[i] as Uint8Array) === 0);
  }

  dispose(): void {
    for (const { graph, digest } of this.#known.values()) {
      if (graph !== undefined && digest !== undefined) this.#graphs.giveBack(digest);
    }
    this.#known.clear();
  }
}
