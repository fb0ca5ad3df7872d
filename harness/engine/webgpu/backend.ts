/**
 * TensorFlow.js's WebGPU backend over Dawn, made honest: the stock one computes on after a GPU error
 * and returns zeros.
 *
 * Here the first error, and the loss of the device, make every later read throw. Reading at once
 * (dataSync) needs a canvas, which Node has not, so it throws as well and says what to do instead.
 */
import { createRequire } from 'node:module';
import type { KernelBackend } from '@tensorflow/tfjs';

type Webgpu = typeof import('webgpu');

/** Limits that decide how large a tensor or a workgroup may be; TensorFlow.js asks for fewer. */
const LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupSizeZ',
  'maxComputeWorkgroupsPerDimension',
] as const;

export interface OpenBackend {
  readonly backend: KernelBackend;
  /** Bytes of the largest tensor that a shader can read. */
  readonly largestTensor: number;
  /** What the GPU complained of first, or that it was lost; undefined while all is well. */
  trouble(): string | undefined;
}

/**
 * A backend on the adapter that Dawn's options and the request give, with the adapter's own limits.
 * Registers the stock kernels. Errors: Error where there is no adapter.
 */
export async function openBackend(
  options: readonly string[],
  request: GPURequestAdapterOptions = {},
): Promise<OpenBackend> {
  const { create, globals }: Webgpu = await import('webgpu');
  // The backend asks `instanceof GPUBuffer`.
  Object.assign(globalThis, globals);
  // Before `navigator.gpu` exists: otherwise the package registers a backend of its own choice.
  const { WebGPUBackend }: typeof import('@tensorflow/tfjs-backend-webgpu') = createRequire(import.meta.url)(
    '@tensorflow/tfjs-backend-webgpu',
  );
  const gpu = create([...options]);
  const adapter = await gpu.requestAdapter(request);
  if (adapter === null) throw new Error('[attribench] engine webgpu: no adapter was found');
  announce(gpu);
  const requiredLimits = Object.fromEntries(LIMITS.map((limit) => [limit, adapter.limits[limit]]));
  const device = await adapter.requestDevice({ requiredLimits });

  let trouble: string | undefined;
  device.addEventListener('uncapturederror', (event) => {
    trouble ??= firstLine((event as GPUUncapturedErrorEvent).error.message);
  });
  device.lost.then(({ reason, message }) => {
    trouble ??= `the device was lost (${reason}): ${firstLine(message)}`;
  });
  const refuse = (cause?: unknown) => {
    if (trouble !== undefined) throw new Error(`[attribench] engine webgpu: ${trouble}`, { cause });
  };

  class GuardedBackend extends WebGPUBackend {
    override async read(dataId: object): ReturnType<KernelBackend['read']> {
      refuse();
      try {
        const values = await super.read(dataId);
        refuse();
        return values;
      } catch (cause) {
        // The news of a lost device comes a turn after the read that it broke.
        await new Promise((resolve) => setImmediate(resolve));
        refuse(cause);
        throw cause;
      }
    }

    override readSync(dataId: object): ReturnType<KernelBackend['readSync']> {
      const { values, dtype } = this.tensorMap.get(dataId);
      if (values !== null && values !== undefined) return values;
      throw new Error(`[attribench] engine webgpu: a ${dtype} tensor was read at once, expected await tensor.data()`);
    }
  }
  const largestTensor = Math.min(device.limits.maxBufferSize, device.limits.maxStorageBufferBindingSize);
  return { backend: new GuardedBackend(device, adapter.info), largestTensor, trouble: () => trouble };
}

/** The backend asks `navigator.gpu`; Node has a navigator of its own from 21 on. */
function announce(gpu: GPU): void {
  const held = globalThis as { navigator?: object };
  if (held.navigator === undefined) Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
  Object.defineProperty(held.navigator ?? {}, 'gpu', { value: gpu, configurable: true });
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0] ?? '';
}
