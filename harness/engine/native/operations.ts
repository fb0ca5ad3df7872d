/** Operations of native TensorFlow by their own names, as tfjs-node's backend runs them. */
import type * as tf from '@tensorflow/tfjs';

/** An attribute of an operation, as the addon wants it. */
export interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** A tensor of native TensorFlow, as the addon tells of it. */
export interface NativeTensor {
  /** Of one tensor alone, also after its end. */
  readonly id: number;
  readonly shape: number[];
  readonly dtype: number;
}

/** What is used here of the addon. */
export interface Binding {
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_SHAPE: number;
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_FLOAT: number;
  createTensor(shape: number[], dtype: number, values: unknown): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): Float32Array | Int32Array | Uint8Array;
  executeOp(operation: string, attributes: readonly Attribute[], ids: number[], outputs: number): NativeTensor[];
  /** A session of the folder's graph. */
  loadSavedModel(folder: string, tags: string): number;
  deleteSavedModel(session: number): void;
  /** Names of values, with commas between them. */
  runSavedModel(session: number, ids: number[], inputs: string, outputs: string): NativeTensor[];
  getNumOfSavedModels(): number;
}

/** The addon, to replace some of it: its own properties are read-only, also of an object that inherits them. */
export function writableCopy(binding: Binding): Binding {
  const names = Object.getOwnPropertyNames(binding) as (keyof Binding)[];
  return Object.fromEntries(names.map((name) => [name, binding[name]])) as unknown as Binding;
}

/** What is used here of tfjs-node's backend. */
export interface NativeOperations {
  binding: Binding;
  /** What the backend holds each tensor's numbers as; the id is negative before the addon has them. */
  readonly tensorMap: {
    has(dataId: object): boolean;
    get(dataId: object): { id: number; readonly refCount: number };
  };
  /** Of tensors that the addon has from then on, if it had not before. */
  getInputTensorIds(tensors: readonly tf.Tensor[]): number[];
  createOutputTensor: (tensor: NativeTensor) => tf.Tensor;
  executeSingleOutput(operation: string, attributes: readonly Attribute[], inputs: readonly tf.Tensor[]): tf.Tensor;
  executeMultipleOutputs(
    operation: string,
    attributes: readonly Attribute[],
    inputs: readonly tf.Tensor[],
    outputs: number,
  ): tf.Tensor[];
}
