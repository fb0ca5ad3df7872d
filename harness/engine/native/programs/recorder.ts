/**
 * Runs a function and writes down which operations of native TensorFlow it runs, at the addon's own door: whatever
 * TensorFlow.js does above, between there and the library nothing happens but these calls.
 */
import { isDeepStrictEqual } from 'node:util';
import * as tf from '../../../tfjs.js';
import { type Computation, hearNotRepeatable, notRepeatable, ofTheirOwn } from '../../program.ts';
import { type Binding, type NativeOperations, type NativeTensor, writableCopy } from '../operations.ts';
import type { Call, Constant, Given, Recording } from './recording.ts';
import { Rehearsal } from './rehearsal.ts';

/**
 * What a function gave, and what it did, or why that can never be run again; neither where it could not be told.
 *
 * It did as one of the scripts says where that is named: then nothing was computed, and it gave nothing yet.
 */
export interface Recorded<Script extends Recording = Recording> {
  readonly results: tf.Tensor[];
  readonly recording: Recording | undefined;
  readonly refusal: string | undefined;
  readonly rehearsed: Script | undefined;
}

/** Operations whose results are not made of their inputs alone. */
const OTHERWISE = /Variable|Resource|Handle|Random|Multinomial|Print/;
/** Operations whose results have shapes that JavaScript learns from their numbers. */
const BY_NUMBERS = /Unique|NonMaxSuppression|^Where$/;
/** Operations that oneDNN was found to compute otherwise in graphs, with the same bits by chance alone. */
const OTHER_BITS = /Softmax/;

/** Numbers that JavaScript makes at every call are no constants; those that it makes once are small. */
const MOST_CONSTANT_BYTES = 2 ** 24;

let inProgress = false;

/** Whether a function is being recorded: what it calls is a part of it. */
export const isRecording = (): boolean => inProgress;

/**
 * Runs a function, and records it unless two inputs share their numbers: which an operation takes could not be told.
 *
 * Operations wait while they are those of a script for such inputs, the first given: all of a function that follows it
 * to its end.
 */
export function record<Script extends Recording>(
  native: NativeOperations,
  computation: Computation,
  inputs: readonly tf.Tensor[],
  scripts: readonly Script[] = [],
): Recorded<Script> {
  const ids = native.getInputTensorIds(inputs);
  const compute = () => tf.tidy(() => ofTheirOwn(inputs, computation(inputs)));
  if (new Set(ids).size < ids.length) {
    return { results: compute(), recording: undefined, refusal: undefined, rehearsed: undefined };
  }
  const { binding } = native;
  const given = inputs.map(({ dtype, shape }, i) => ({ name: `given${i}`, type: typeNumber(dtype), shape }));
  const script = scripts.find((one) => isDeepStrictEqual(one.given, given));
  const recorder = new Recorder(binding, given, ids, script && new Rehearsal(native, script));
  const { random } = Math;
  inProgress = true;
  native.binding = recorder.door();
  Math.random = () => {
    notRepeatable('it draws from Math.random');
    return random();
  };
  const endHearing = hearNotRepeatable((reason) => recorder.refuse(reason));
  try {
    const results = compute();
    if (recorder.followed(results, native.getInputTensorIds(results))) {
      tf.dispose(results);
      return { results: [], recording: undefined, refusal: undefined, rehearsed: script };
    }
    recorder.improvise();
    return { results, ...recorder.end(native.getInputTensorIds(results)), rehearsed: undefined };
  } finally {
    endHearing();
    Math.random = random;
    native.binding = binding;
    inProgress = false;
    recorder.close();
  }
}

class Recorder {
  readonly #binding: Binding;
  readonly #given: readonly Given[];
  readonly #constants: Constant[] = [];
  readonly #calls: Call[] = [];
  /** Names of values by the addon's ids. */
  readonly #names = new Map<number, string>();
  readonly #types = new Map<number, number>();
  #bytes = 0;
  #refusal: string | undefined;
  /** While the function follows a script. */
  #rehearsal: Rehearsal | undefined;
  /** The addon's ids of what was promised when it left the script: an operation's inputs are told before its last is made. */
  #made: ReadonlyMap<number, number> = new Map();

  constructor(binding: Binding, given: readonly Given[], ids: readonly number[], rehearsal: Rehearsal | undefined) {
    this.#binding = binding;
    this.#given = given;
    this.#rehearsal = rehearsal;
    given.forEach((one, i) => {
      this.#name(ids[i] as number, `${one.name}:0`, one.type);
    });
  }

  /** The addon, with all that is called noted. */
  door(): Binding {
    const binding = this.#binding;
    return {
      ...writableCopy(binding),
      executeOp: (operation, attributes, ids, outputs) => {
        const inputs = ids.map((id) => this.#nameOf(id));
        const type = this.#types.get(ids[0] ?? -1);
        const name = `call${this.#calls.length}`;
        const noted = operation === 'ExpandDims' ? withType(binding, attributes, type) : attributes;
        const call = { name, operation, attributes: noted, inputs };
        const made = this.#perform(call, attributes, ids, outputs);
        if (OTHERWISE.test(operation)) this.refuse(`${operation} gives not the same again`);
        if (BY_NUMBERS.test(operation)) this.refuse(`the shape of what ${operation} gives hangs on numbers`);
        if (OTHER_BITS.test(operation)) this.refuse(`${operation} has other bits in a graph`);
        this.#calls.push({ ...call, outputs: made.map(({ dtype, shape }) => ({ type: dtype, shape })) });
        made.forEach(({ id, dtype }, i) => {
          this.#name(id, `${name}:${i}`, dtype);
        });
        return made;
      },
      createTensor: (shape, type, values) => {
        const id = binding.createTensor(shape, type, values);
        const name = `constant${this.#constants.length}`;
        if (ArrayBuffer.isView(values)) {
          this.#bytes += values.byteLength;
          if (this.#bytes > MOST_CONSTANT_BYTES) this.refuse(`JavaScript makes more than ${MOST_CONSTANT_BYTES} bytes`);
          const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice();
          this.#constants.push({ name, shape: [...shape], type, bytes });
        } else {
          this.refuse('it holds text');
        }
        this.#name(id, `${name}:0`, type);
        if (this.#rehearsal?.has(this.#constants) === false) this.improvise();
        return id;
      },
      tensorDataSync: (id) => {
        this.refuse('it reads a tensor');
        this.improvise();
        return binding.tensorDataSync(this.#real([id])[0] as number);
      },
      deleteTensor: (id) => (this.#rehearsal === undefined ? binding.deleteTensor(id) : this.#rehearsal.end(id)),
    };
  }

  end(results: readonly number[]): Pick<Recorded, 'recording' | 'refusal'> {
    const names = results.map((id) => this.#nameOf(id));
    const constants = new Set(this.#constants.map(({ name }) => `${name}:0`));
    const given = new Set(this.#given.map(({ name }) => `${name}:0`));
    if (names.some((name) => constants.has(name))) this.refuse('a result is a constant');
    if (names.every((name) => given.has(name))) this.refuse('it makes nothing of its inputs');
    if (this.#refusal !== undefined) return { recording: undefined, refusal: this.#refusal };
    const recording = { given: this.#given, constants: this.#constants, calls: this.#calls, results: names };
    return { recording, refusal: undefined };
  }

  /** A call's outputs: promised while the function follows a script, made from then on. */
  #perform(
    call: Omit<Call, 'outputs'>,
    attributes: Call['attributes'],
    ids: readonly number[],
    outputs: number,
  ): NativeTensor[] {
    const promised = this.#rehearsal?.promise(call, attributes, ids, outputs);
    if (promised !== undefined) return promised;
    this.improvise();
    return this.#binding.executeOp(call.operation, attributes, this.#real(ids), outputs);
  }

  /** Whether all went by the script to its end, and nothing but the results is left. */
  followed(results: readonly tf.Tensor[], ids: readonly number[]): boolean {
    const rehearsal = this.#rehearsal;
    if (rehearsal === undefined || this.#refusal !== undefined) return false;
    if (!rehearsal.endsWith(ids.map((id) => this.#nameOf(id))) || rehearsal.heldBeside(results) > 0) return false;
    this.#leave();
    return true;
  }

  /** Leaves the script: what waits is computed. */
  improvise(): void {
    if (this.#rehearsal === undefined) return;
    try {
      this.#made = this.#rehearsal.improvise();
    } finally {
      this.#leave();
    }
    for (const [promise, id] of this.#made) {
      this.#name(id, this.#nameOf(promise), this.#types.get(promise) as number);
    }
  }

  /** After an error what is held of a script that was followed so far is made: it may be used later. */
  close(): void {
    if (this.#rehearsal !== undefined && this.#rehearsal.heldBeside([]) > 0) this.improvise();
    this.#leave();
  }

  #leave(): void {
    this.#rehearsal?.close();
    this.#rehearsal = undefined;
  }

  /** Ids as the addon has them. */
  #real(ids: readonly number[]): number[] {
    return ids.map((id) => this.#made.get(id) ?? id);
  }

  #name(id: number, name: string, type: number): void {
    this.#names.set(id, name);
    this.#types.set(id, type);
  }

  #nameOf(id: number): string {
    const name = this.#names.get(id);
    if (name !== undefined) return name;
    this.refuse('it uses a tensor that it is not given');
    return 'unknown:0';
  }

  /** The first reason stands. */
  refuse(reason: string): void {
    this.#refusal ??= reason;
  }
}

/** tfjs-node leaves one attribute for the library to guess, which it does not for a graph. */
function withType(binding: Binding, attributes: Call['attributes'], type: number | undefined): Call['attributes'] {
  return [...attributes, { name: 'T', type: binding.TF_ATTR_TYPE, value: type }];
}

/** TensorFlow's number of a type, as in its types.proto. */
function typeNumber(type: tf.DataType): number {
  const numbers: { readonly [type: string]: number } = { float32: 1, int32: 3, string: 7, complex64: 8, bool: 10 };
  return numbers[type] as number;
}
