/** Our kernels over the stock ones of the wasm backend, which must be the current one. */
import { registerPooling } from './pooling.ts';
import { registerConvolution } from './wasm-convolution.ts';
import { registerEinsum } from './wasm-einsum.ts';
import { registerMatMul } from './wasm-matmul.ts';
import { registerOneHot } from './wasm-one-hot.ts';
import { registerPadding } from './wasm-padding.ts';
import { registerSegments } from './wasm-segments.ts';
import { registerSign } from './wasm-sign.ts';

export function repairWasm(): void {
  registerMatMul();
  registerPadding();
  registerConvolution();
  registerPooling('wasm');
  registerSegments();
  registerEinsum();
  registerSign();
  registerOneHot();
}
