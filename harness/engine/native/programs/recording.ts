/** What a function of tensors did, operation by operation of native TensorFlow. */
import { createHash } from 'node:crypto';
import type { Attribute } from '../operations.ts';

/** A tensor by the type numbers of TensorFlow. */
export interface TensorType {
  readonly type: number;
  readonly shape: readonly number[];
}

export interface Call {
  /** Its outputs are the values `<name>:0`, `<name>:1`, ... */
  readonly name: string;
  readonly operation: string;
  readonly attributes: readonly Attribute[];
  /** Names of values. */
  readonly inputs: readonly string[];
  readonly outputs: readonly TensorType[];
}

/** A tensor that JavaScript made, which is the value `<name>:0`. */
export interface Constant extends TensorType {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** A tensor that is given, which is the value `<name>:0`. */
export interface Given extends TensorType {
  readonly name: string;
}

export interface Recording {
  readonly given: readonly Given[];
  readonly constants: readonly Constant[];
  readonly calls: readonly Call[];
  /** Names of values, some perhaps more than once. */
  readonly results: readonly string[];
}

/** Whether a value is one that a recording is given. */
export function isGiven({ given }: Recording, value: string): boolean {
  return given.some(({ name }) => `${name}:0` === value);
}

/** Tells recordings apart: two of one digest did the same, numbers included. */
export function digestOf({ given, constants, calls, results }: Recording): string {
  const hash = createHash('sha256');
  const described = [given, constants.map(({ bytes, ...others }) => [others, bytes.length]), calls, results];
  hash.update(JSON.stringify(described, told));
  for (const { bytes } of constants) hash.update(bytes);
  return hash.digest('hex');
}

/** JSON has no infinities, no NaN and one zero. */
const told = (_: string, value: unknown): unknown =>
  typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0)) ? `${1 / value} from ${value}` : value;

/** A recording in two. */
export interface SplitRecording {
  /** Its results: those of the whole that do not need the given one, then what else the late part needs. */
  readonly early: Recording;
  /** It is given what the whole is, then the early part's results. */
  readonly late: Recording;
}

/** Cuts a recording before all that needs one of the given values; the early part is not given that. */
export function splitRecording(recording: Recording, needed: string): SplitRecording {
  const { given, constants, calls, results } = recording;
  const late = new Set([needed]);
  for (const { name, inputs } of calls) if (inputs.some((input) => late.has(nodeOf(input)))) late.add(name);
  const isLate = (value: string) => late.has(nodeOf(value));
  const earlyCalls = calls.filter(({ name }) => !late.has(name));
  const lateCalls = calls.filter(({ name }) => late.has(name));
  const made = new Map(earlyCalls.flatMap(({ name, outputs }) => outputs.map((type, i) => [`${name}:${i}`, type])));
  const types = new Map<string, TensorType>([...given.map((type) => [`${type.name}:0`, type] as const), ...made]);
  const used = lateCalls.flatMap(({ inputs }) => inputs).filter((value) => made.has(value));
  const found = results.filter((value) => !isLate(value));
  const carried = [...found, ...new Set(used.filter((value) => !found.includes(value)))];
  const renamed = new Map(carried.map((value, i) => [value, `carried${i}:0`]));
  return {
    early: { given: given.filter(({ name }) => name !== needed), constants, calls: earlyCalls, results: carried },
    late: {
      given: [...given, ...carried.map((value, i) => ({ ...(types.get(value) as TensorType), name: `carried${i}` }))],
      constants,
      calls: lateCalls.map((call) => ({ ...call, inputs: call.inputs.map((input) => renamed.get(input) ?? input) })),
      results: results.filter(isLate),
    },
  };
}

/** The name of what makes a value. */
const nodeOf = (value: string): string => value.slice(0, value.indexOf(':'));
