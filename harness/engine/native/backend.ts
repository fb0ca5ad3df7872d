/**
 * TensorFlow.js over a native addon: tfjs-node's JavaScript and our kernels, for the CPU's library and the GPU's.
 *
 * The package's main file is not imported: it looks for the addon in node_modules alone and pulls in
 * a downloader. Its kernels and its backend class are all that is needed.
 */
import { createRequire } from 'node:module';
import util from 'node:util';
import type { KernelBackend, Tensor } from '@tensorflow/tfjs';
import { UsageError } from '../../errors.ts';
import type { Momentum } from '../momentum.ts';
import type { Programs } from '../program.ts';
import type { Attribute, NativeOperations } from './operations.ts';

const require = createRequire(import.meta.url);

/** What is used here of tfjs-node. */
interface NodeBackend extends KernelBackend, NativeOperations {
  readonly isUsingGpuDevice: boolean;
}

interface NodeBackendModule {
  readonly NodeJSKernelBackend: new (binding: unknown, name: string) => NodeBackend;
  createTensorsTypeOpAttr(name: string, type: Tensor['dtype'] | undefined): Attribute;
}

/** The name of tfjs-node's backend: its kernels are registered under no other. */
const BACKEND = 'tensorflow';

let open: { readonly addon: string; readonly backend: NodeBackend; programs?: Programs } | undefined;

/** What a loaded library offers beside its backend. */
export interface LoadedNative {
  readonly onGpu: boolean;
  /** The memory of a gradient descent in operations of the library's own. */
  momentum(): Momentum;
  readonly programs: Programs;
}

/**
 * Makes native TensorFlow over an addon the current backend, with our kernels.
 * Errors: UsageError where the process already holds another libtensorflow, since the loader gives a second one of
 * the same name the symbols of the first.
 */
export async function loadNative(addon: string, npmPackage: string): Promise<LoadedNative> {
  if (open !== undefined && open.addon !== addon) {
    throw new UsageError(
      `[attribench] ${addon} cannot be loaded: this process computes with ${open.addon}, and a process holds one libtensorflow`,
    );
  }
  const tf = await import('../../tfjs.js');
  open ??= { addon, backend: createBackend(addon, npmPackage) };
  const { backend } = open;
  if (tf.findBackend(BACKEND) === null) tf.registerBackend(BACKEND, () => backend, 3);
  await tf.setBackend(BACKEND);
  await tf.ready();
  const { registerStep } = await import('../kernels/tensorflow-step.ts');
  registerStep();
  const { registerReshape } = await import('../kernels/tensorflow-reshape.ts');
  registerReshape();
  const { registerFusedBatchNormalisation } = await import('../kernels/batch-normalisation.ts');
  registerFusedBatchNormalisation();
  const { registerReluGradient } = await import('../kernels/tensorflow-relu.ts');
  const { registerClip } = await import('../kernels/tensorflow-clip.ts');
  const { createTensorsTypeOpAttr } = backendModule(npmPackage);
  // One operation of native TensorFlow by its own name, with the first input's type of number as its T.
  const run = (operation: string, inputs: readonly Tensor[]) =>
    backend.executeSingleOutput(operation, [createTensorsTypeOpAttr('T', inputs[0]?.dtype)], inputs);
  registerReluGradient(run);
  registerClip(run);
  // On a card the library takes zeros for rows that are none, and says nothing.
  if (!backend.isUsingGpuDevice) {
    const { registerGather } = await import('../kernels/tensorflow-gather.ts');
    registerGather((inputs, batchDims) => {
      const types = ['Tparams', 'Tindices', 'Taxis'].map((type, i) => createTensorsTypeOpAttr(type, inputs[i]?.dtype));
      const batched = { name: 'batch_dims', type: backend.binding.TF_ATTR_INT, value: batchDims };
      return backend.executeSingleOutput(tf.GatherV2, [batched, ...types], inputs);
    });
  }
  const { NativeMomentum } = await import('./momentum.ts');
  const { nativePrograms } = await import('./programs/index.ts');
  // Once a process: they hold the graphs that it has proven.
  open.programs ??= nativePrograms(backend);
  return {
    onGpu: backend.isUsingGpuDevice,
    momentum: () => new NativeMomentum(backend),
    programs: open.programs,
  };
}

/** The native backend over the addon at a path; registers its kernels. */
export function createBackend(addon: string, npmPackage: string): NodeBackend {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  // Gone from Node 23 on, and still called by tfjs-node.
  const legacy: { isNullOrUndefined?: (value: unknown) => boolean } = util;
  legacy.isNullOrUndefined ??= (value) => value === null || value === undefined;
  require(`${npmPackage}/dist/register_all_kernels`);
  const { NodeJSKernelBackend } = backendModule(npmPackage);
  return new NodeJSKernelBackend(require(addon), npmPackage);
}

function backendModule(npmPackage: string): NodeBackendModule {
  return require(`${npmPackage}/dist/nodejs_kernel_backend`);
}
