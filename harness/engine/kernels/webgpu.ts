/** Our kernels over the stock ones of the WebGPU backend, which must be the current one. */
export function repairWebgpu(): void {}
