/**
 * WebGPU through Dawn: any GPU with Vulkan, Metal or Direct3D 12, from npm alone.
 *
 * It is used when asked for by name: what a GPU computes depends on the card and its driver.
 */
import { type Engine, TFJS_VERSION } from './engine.ts';
import { dawnOptions, dawnVersion, namedAdapter, REQUEST, searchAdapter } from './webgpu/adapter.ts';
import type { OpenBackend } from './webgpu/backend.ts';

let open: OpenBackend | undefined;

export const webgpu: Engine = {
  name: 'webgpu',
  onlyByName: true,
  sharedDevice: true,
  async probe() {
    const dawn = `${TFJS_VERSION}+kernels.1+dawn.${dawnVersion()}`;
    const search = await searchAdapter();
    if (!search.found) return { present: false, version: dawn, why: search.why };
    return {
      present: true,
      version: `${dawn}+${search.title.replaceAll(/[^\w.]+/g, '-')}`,
      why: `${search.software ? 'WebGPU in software' : 'WebGPU on a GPU'} (${search.title})`,
    };
  },
  async load() {
    const tf = await import('../tfjs.js');
    const { openBackend } = await import('./webgpu/backend.ts');
    if (open !== undefined && open.trouble() !== undefined) {
      tf.removeBackend('webgpu');
      open = undefined;
    }
    if (open === undefined) {
      open = await openBackend(dawnOptions(namedAdapter()), REQUEST);
      const { backend } = open;
      tf.registerBackend('webgpu', () => backend, 3);
    }
    await tf.setBackend('webgpu');
    await tf.ready();
    const { repairWebgpu } = await import('./kernels/webgpu.ts');
    repairWebgpu();
  },
  keptBytes: () => open?.largestTensor ?? 0,
  broken: () => open?.trouble(),
};
