/**
 * The wasm backend's memory: tensors as views of its heap, and ids under which its C++ side knows them.
 *
 * XNNPACK operators are cached by tensor id and ignore the shape: multiplying by a matrix and then by a
 * reshape of it (same id) reads out of bounds. An alias is a second id for the same memory; dropping it
 * drops the cached operator and leaves the memory alone.
 */
import { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '../../tfjs.js';

interface WasmModule {
  cwrap(name: string, result: null, parameters: readonly ('number' | 'array')[]): (...values: unknown[]) => void;
  readonly tfjs: {
    registerTensor(id: number, size: number, memoryOffset: number): void;
    disposeData(id: number): void;
  };
}

/** Ids that aliases had: the C++ side keeps a table as long as its largest id, so they are used again. */
const freeIds: number[] = [];

function backend(): BackendWasm {
  const current = tf.backend();
  if (!(current instanceof BackendWasm)) throw new Error('[attribench] a wasm kernel ran on another backend');
  return current;
}

/** The emscripten module, whose published type lacks what is used here. */
export function wasmModule(): WasmModule {
  return backend().wasm as unknown as WasmModule;
}

/** A tensor's id on the C++ side. */
export function tensorId(tensor: tf.TensorInfo): number {
  return backend().dataIdMap.get(tensor.dataId).id;
}

/** A float32 tensor's memory; valid until the next allocation, which may move the heap. */
export function heapView(tensor: tf.TensorInfo): Float32Array {
  const view = backend().typedArrayFromHeap(tensor);
  if (!(view instanceof Float32Array)) throw new Error(`[attribench] expected a float32 tensor, got ${tensor.dtype}`);
  return view;
}

/** An uninitialised float32 tensor. */
export function allocate<R extends tf.Rank>(shape: tf.ShapeMap[R]): tf.Tensor<R> {
  return tf.engine().makeTensorFromTensorInfo(backend().makeOutput([...shape], 'float32')) as tf.Tensor<R>;
}

/** Calls `use` with a new id for `size` floats of a tensor, from float `start` on. */
export function withAlias(tensor: tf.TensorInfo, start: number, size: number, use: (id: number) => void): void {
  const id = freeIds.pop() ?? newId();
  const { tfjs } = wasmModule();
  tfjs.registerTensor(id, size, backend().getMemoryOffset(tensor.dataId) + start * Float32Array.BYTES_PER_ELEMENT);
  try {
    use(id);
  } finally {
    tfjs.disposeData(id);
    freeIds.push(id);
  }
}

/** The next of the backend's own counter, which its published type hides. */
function newId(): number {
  const counter = backend() as unknown as { dataIdNextNumber: number };
  return counter.dataIdNextNumber++;
}
