/**
 * Runs a function and writes down which operations of native TensorFlow it runs, at the addon's own door: whatever
 * TensorFlow.js does above, between there and the library nothing happens but these calls.
 */
import * as tf from '../../../tfjs.js';
import { type Computation, hearNotRepeatable, notRepeatable, ofTheirOwn } from '../../program.ts';
import type { Binding, NativeOperations } from '../operations.ts';
import type { Call, Constant, Given, Recording, TensorType } from './recording.ts';

/** What a function gave, and what it did, or why that can never be run again; neither where it could not be told. */
export interface Recorded {
  readonly results: tf.Tensor[];
  readonly recording: Recording | undefined;
  readonly refusal: string | undefined;
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

/** Runs a function, and records it unless two inputs share their numbers: which an operation takes could not be told. */
export function record(native: NativeOperations, computation: Computation, inputs: readonly tf.Tensor[]): Recorded {
  const ids = native.getInputTensorIds(inputs);
  if (new Set(ids).size < ids.length) {
    return {
      results: tf.tidy(() => ofTheirOwn(inputs, computation(inputs))),
      recording: undefined,
      refusal: undefined,
    };
  }
  const { binding } = native;
  const recorder = new Recorder(binding);
  inputs.forEach((input, i) => {
    recorder.give(ids[i] as number, { type: typeNumber(input.dtype), shape: input.shape });
  });
  const { random } = Math;
  inProgress = true;
  native.binding = recorder.door();
  Math.random = () => {
    notRepeatable('it draws from Math.random');
    return random();
  };
  const endHearing = hearNotRepeatable((reason) => recorder.refuse(reason));
  try {
    const results = tf.tidy(() => ofTheirOwn(inputs, computation(inputs)));
    return { results, ...recorder.end(native.getInputTensorIds(results)) };
  } finally {
    endHearing();
    Math.random = random;
    native.binding = binding;
    inProgress = false;
  }
}

class Recorder {
  readonly #binding: Binding;
  readonly #given: Given[] = [];
  readonly #constants: Constant[] = [];
  readonly #calls: Call[] = [];
  /** Names of values by the addon's ids. */
  readonly #names = new Map<number, string>();
  readonly #types = new Map<number, number>();
  #bytes = 0;
  #refusal: string | undefined;

  constructor(binding: Binding) {
    this.#binding = binding;
  }

  give(id: number, type: TensorType): void {
    const name = `given${this.#given.length}`;
    this.#given.push({ name, ...type });
    this.#names.set(id, `${name}:0`);
    this.#types.set(id, type.type);
  }

  /** The addon, with all that is called noted. */
  door(): Binding {
    const binding = this.#binding;
    const names = Object.getOwnPropertyNames(binding) as (keyof Binding)[];
    // The addon's own properties are read-only: an object that inherits them could not replace them.
    const all = Object.fromEntries(names.map((name) => [name, binding[name]])) as unknown as Binding;
    return {
      ...all,
      executeOp: (operation, attributes, ids, outputs) => {
        const inputs = ids.map((id) => this.#nameOf(id));
        const type = this.#types.get(ids[0] ?? -1);
        const made = binding.executeOp(operation, attributes, ids, outputs);
        if (OTHERWISE.test(operation)) this.refuse(`${operation} gives not the same again`);
        if (BY_NUMBERS.test(operation)) this.refuse(`the shape of what ${operation} gives hangs on numbers`);
        if (OTHER_BITS.test(operation)) this.refuse(`${operation} has other bits in a graph`);
        const name = `call${this.#calls.length}`;
        this.#calls.push({
          name,
          operation,
          attributes: operation === 'ExpandDims' ? withType(binding, attributes, type) : attributes,
          inputs,
          outputs: made.map(({ dtype, shape }) => ({ type: dtype, shape })),
        });
        made.forEach(({ id, dtype }, i) => {
          this.#names.set(id, `${name}:${i}`);
          this.#types.set(id, dtype);
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
        this.#names.set(id, `${name}:0`);
        this.#types.set(id, type);
        return id;
      },
      tensorDataSync: (id) => {
        this.refuse('it reads a tensor');
        return binding.tensorDataSync(id);
      },
      deleteTensor: (id) => binding.deleteTensor(id),
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
