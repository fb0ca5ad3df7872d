/**
 * A function's operations while they are those of a script, which a graph is proven to compute: nothing is computed, its
 * tensors are promises. One that follows the script to its end needs no more than the graph's results; where it goes
 * another way, or keeps a tensor for itself, all that was promised is made, each operation once as it would have been.
 */
import { isDeepStrictEqual } from 'node:util';
import type * as tf from '@tensorflow/tfjs';
import type { Binding, NativeOperations, NativeTensor } from '../operations.ts';
import type { Call, Constant, Recording } from './recording.ts';

/** What waits to be computed. */
interface Waiting {
  readonly operation: string;
  /** As the addon wants them. */
  readonly attributes: Call['attributes'];
  readonly ids: readonly number[];
  readonly promised: readonly number[];
}

/** Ids of promises go down from here: the addon's are not negative, and tfjs-node ends no tensor of a negative one. */
const FIRST_PROMISE = -2;

export class Rehearsal<Script extends Recording = Recording> {
  readonly script: Script;
  readonly #native: NativeOperations;
  /** The addon itself, whatever the backend calls meanwhile. */
  readonly #binding: Binding;
  readonly #createOutputTensor: NativeOperations['createOutputTensor'];
  readonly #waiting: Waiting[] = [];
  /** Tensors of the addon that have ended, and that what waits may use. */
  readonly #ended: number[] = [];
  /** By promises: what tfjs-node holds each under. */
  readonly #holders = new Map<number, object>();

  /** Must be closed. */
  constructor(native: NativeOperations, script: Script) {
    this.script = script;
    this.#native = native;
    this.#binding = native.binding;
    const { createOutputTensor } = native;
    this.#createOutputTensor = createOutputTensor;
    native.createOutputTensor = (output) => {
      const tensor = createOutputTensor.call(native, output);
      if (output.id <= FIRST_PROMISE) this.#holders.set(output.id, tensor.dataId);
      return tensor;
    };
  }

  /** The outputs of the script's next call, or undefined where that is another. */
  promise(
    { operation, inputs, attributes }: Omit<Call, 'outputs'>,
    forAddon: Call['attributes'],
    ids: readonly number[],
    outputs: number,
  ): NativeTensor[] | undefined {
    const next = this.script.calls[this.#waiting.length];
    if (next === undefined || next.operation !== operation || next.outputs.length !== outputs) return undefined;
    if (!isDeepStrictEqual(next.inputs, inputs) || !isDeepStrictEqual(next.attributes, attributes)) return undefined;
    const first = (this.#waiting.at(-1)?.promised.at(-1) ?? FIRST_PROMISE + 1) - 1;
    const made = next.outputs.map(({ type, shape }, i) => ({ id: first - i, dtype: type, shape: [...shape] }));
    this.#waiting.push({ operation, attributes: forAddon, ids, promised: made.map(({ id }) => id) });
    return made;
  }

  /** Whether constants are the first of the script's, the last of them not looked at before. */
  has(constants: readonly Constant[]): boolean {
    return isDeepStrictEqual(this.script.constants[constants.length - 1], constants.at(-1));
  }

  /** Whether the script is at its end, with results of these names. */
  endsWith(names: readonly string[]): boolean {
    return this.#waiting.length === this.script.calls.length && isDeepStrictEqual(names, this.script.results);
  }

  /** How many more holders the promises have than these tensors. */
  heldBeside(tensors: readonly tf.Tensor[]): number {
    const { tensorMap } = this.#native;
    const own = (holder: object) => tensors.filter(({ dataId }) => dataId === holder).length;
    const alive = [...this.#holders.values()].filter((holder) => tensorMap.has(holder));
    return alive.reduce((sum, holder) => sum + tensorMap.get(holder).refCount - own(holder), 0);
  }

  /** Computes what waits; the ids of what was promised, by those of the promises. Errors: the library's. */
  improvise(): ReadonlyMap<number, number> {
    const { tensorMap } = this.#native;
    const binding = this.#binding;
    const made = new Map<number, number>();
    const isHeld = (promise: number) => tensorMap.has(this.#holders.get(promise) as object);
    const lastUses = new Map<number, number>();
    this.#waiting.forEach(({ ids, promised }, at) => {
      for (const id of [...promised, ...ids]) lastUses.set(id, at);
    });
    try {
      this.#waiting.forEach(({ operation, attributes, ids, promised }, at) => {
        const real = ids.map((id) => made.get(id) ?? id);
        binding.executeOp(operation, attributes, real, promised.length).forEach(({ id }, i) => {
          made.set(promised[i] as number, id);
        });
        for (const id of new Set([...promised, ...ids])) {
          if (id > FIRST_PROMISE || lastUses.get(id) !== at || isHeld(id)) continue;
          binding.deleteTensor(made.get(id) as number);
          made.delete(id);
        }
      });
    } finally {
      for (const [promise, id] of made) {
        if (isHeld(promise)) tensorMap.get(this.#holders.get(promise) as object).id = id;
        else binding.deleteTensor(id);
      }
    }
    return made;
  }

  /** Ends a tensor of the addon, when nothing waits for it any more. */
  end(id: number): void {
    this.#ended.push(id);
  }

  close(): void {
    for (const id of this.#ended) this.#binding.deleteTensor(id);
    this.#native.createOutputTensor = this.#createOutputTensor;
  }
}
