/** Our kernels over the stock ones of the WebGPU backend, which must be the current one. */
import { registerConvolution } from './webgpu-convolution.ts';
import { registerMatMul } from './webgpu-matmul.ts';
import { registerPooling } from './webgpu-pooling.ts';
import { webgpuBackend } from './webgpu-program.ts';
import { registerSegments } from './webgpu-segments.ts';
import { registerTile } from './webgpu-tile.ts';

let registered = false;

/** Registers them once; sets what belongs to the backend each time. */
export function repairWebgpu(): void {
  // Convolutions call the stock matrix product themselves: with this, it never splits (webgpu-matmul.ts).
  webgpuBackend().thresholdToIncreaseWorkgroups = 0;
  if (registered) return;
  registered = true;
  registerMatMul();
  registerConvolution();
  registerPooling();
  registerSegments();
  registerTile();
}
