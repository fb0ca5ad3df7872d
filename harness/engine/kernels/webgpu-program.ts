/** Running a shader of our own: one thread a number of the result, tensors as flat arrays. */
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '../../tfjs.js';

const WORKGROUP = 64;

export interface Shader {
  /** Unique among all shaders: compiled ones are kept under it. */
  readonly name: string;
  /** Shape of the result, float32. */
  readonly shape: readonly number[];
  /** Float32 or int32 tensors, by the name of their flat array in the code. */
  readonly inputs: { readonly [name: string]: tf.Tensor };
  /** Integers, as `uniforms.<name>` in the code. */
  readonly integers: { readonly [name: string]: number };
  /** WGSL functions that the code calls. */
  readonly functions?: string;
  /** WGSL statements that compute `value : f32` from `index : i32`, the flat index into the result. */
  readonly code: string;
}

/** The current backend, which must be WebGPU's. */
export function webgpuBackend(): WebGPUBackend {
  const current = tf.backend();
  if (!(current instanceof WebGPUBackend)) throw new Error('[attribench] a webgpu kernel ran on another backend');
  return current;
}

/** The result of a shader; the caller disposes it. */
export function runShader({ name, shape, inputs, integers, functions = '', code }: Shader): tf.Tensor {
  const size = tf.util.sizeFromShape([...shape]);
  return tf.tidy(() => {
    const program = {
      shaderKey: `attribench ${name}`,
      variableNames: Object.keys(inputs),
      uniforms: Object.keys(integers)
        .map((integer) => `${integer} : i32, `)
        .join(''),
      outputShape: [size],
      size: true,
      workgroupSize: [WORKGROUP, 1, 1] as [number, number, number],
      dispatchLayout: { x: [0] },
      dispatch: [Math.ceil(size / WORKGROUP), 1, 1] as [number, number, number],
      getUserCode: () => `
        ${functions}
        fn main(index : i32) {
          if (index >= uniforms.size) { return; }
          ${code}
          setOutputAtIndex(index, value);
        }`,
    };
    const flat = Object.values(inputs).map((input) => tf.reshape(input, [input.size]));
    const values = Object.values(integers).map((integer) => ({ type: 'int32', data: [integer] }));
    const result = webgpuBackend().runWebGPUProgram(program, flat, 'float32', values);
    return tf.reshape(tf.engine().makeTensorFromTensorInfo(result), [...shape]);
  });
}
