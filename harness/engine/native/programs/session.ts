/** A recording as a graph of native TensorFlow in a session of its own, run in one call. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '../../../tfjs.js';
import type { NativeOperations } from '../operations.ts';
import { encodeGraph } from './graph-file.ts';
import type { Recording } from './recording.ts';

export class GraphSession {
  readonly #native: NativeOperations;
  readonly #session: number;
  readonly #inputs: string;
  /** Of each result, its place among the inputs and then the distinct ones that are made. */
  readonly #places: readonly number[];
  readonly #made: string;

  /** Errors: what the library says where it does not take the graph. */
  constructor(native: NativeOperations, recording: Recording) {
    this.#native = native;
    // The addon takes a graph from a folder only.
    const folder = mkdtempSync(join(tmpdir(), 'attribench-graph-'));
    try {
      writeFileSync(join(folder, 'saved_model.pb'), encodeGraph(recording, native.binding));
      this.#session = native.binding.loadSavedModel(folder, 'serve');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    const given = recording.given.map(({ name }) => `${name}:0`);
    const all = [...new Set([...given, ...recording.results])];
    this.#inputs = given.join(',');
    this.#places = recording.results.map((name) => all.indexOf(name));
    this.#made = all.slice(given.length).join(',');
  }

  /** Tensors of the types and shapes recorded; the caller disposes the results, each a tensor of its own. */
  run(inputs: readonly tf.Tensor[]): tf.Tensor[] {
    const native = this.#native;
    const ids = native.getInputTensorIds(inputs);
    const made = native.binding.runSavedModel(this.#session, ids, this.#inputs, this.#made);
    const all = [...inputs, ...made.map((tensor) => native.createOutputTensor(tensor))];
    return this.#places.map((place, i) => {
      const tensor = all[place] as tf.Tensor;
      return place < inputs.length || this.#places.indexOf(place) < i ? tf.clone(tensor) : tensor;
    });
  }

  dispose(): void {
    this.#native.binding.deleteSavedModel(this.#session);
  }
}
