/**
 * Which GPU libtensorflow takes, asked of libtensorflow itself.
 *
 * The search runs in a process of its own, as a driver that crashes takes nothing with it, and since
 * the device's name is to be had from the library's log alone: the C interface tells "GPU" and a number.
 */
import { execFile } from 'node:child_process';

export type CudaSearch =
  | {
      readonly loads: true;
      /** Name and compute capability as the library tells them; undefined on the CPU. */
      readonly device: string | undefined;
      readonly why: string;
    }
  | { readonly loads: false; readonly why: string };

/** What the search's process gives: its answer, undefined if it crashed, and what the library logged. */
interface Report {
  readonly onGpu: boolean | undefined;
  readonly log: string;
}

const SEARCH = `
  const [addon] = process.argv.slice(1);
  const onGpu = require(addon).isUsingGpuDevice();
  process.stdout.write(JSON.stringify(onGpu), () => process.exit(0));`;

/**
 * Sets, before the library is loaded, what it reads from the environment; what the user set stays.
 * GPU memory is taken as it is needed. Products are computed in float32, not TensorFloat-32 (10 bits of mantissa),
 * which current cards would use without asking.
 */
export function prepareCuda(): void {
  Object.assign(process.env, { ...DEFAULTS, ...process.env });
}

const DEFAULTS = { TF_FORCE_GPU_ALLOW_GROWTH: 'true', NVIDIA_TF32_OVERRIDE: '0' };

/** Which device is used here, or half a sentence on why the library cannot be used. */
export function searchCuda(addon: string): Promise<CudaSearch> {
  const env = { ...DEFAULTS, ...process.env, TF_CPP_MIN_LOG_LEVEL: '0' };
  return new Promise((resolve) => {
    execFile(process.execPath, ['-e', SEARCH, addon], { env, timeout: 120_000 }, (_, stdout, stderr) => {
      const onGpu = { true: true, false: false }[stdout.trim()];
      resolve(judgeCuda({ onGpu, log: stderr }));
    });
  });
}

/** What a report means. */
export function judgeCuda({ onGpu, log }: Report): CudaSearch {
  if (onGpu === undefined) {
    const thrown = /^Error: (.*)$/m.exec(log)?.[1];
    const why =
      thrown === undefined ? 'libtensorflow crashed while it looked for a GPU' : `its addon does not load: ${thrown}`;
    return { loads: false, why: why.slice(0, 200) };
  }
  if (!onGpu) return { loads: true, device: undefined, why: `native TensorFlow on the CPU: ${reason(log)}` };
  // Of several devices tfjs-node computes on the last.
  const created = [...log.matchAll(/device:GPU:\d+ with .*? name: (.*?), .*compute capability: ([\d.]+)/g)].at(-1);
  const device = created === undefined ? 'unnamed GPU' : `${created[1]}, compute capability ${created[2]}`;
  return { loads: true, device, why: `native TensorFlow on a GPU (${device})` };
}

function reason(log: string): string {
  if (log.includes('Cannot dlopen some GPU libraries')) return "a GPU is here, but NVIDIA's libraries do not load";
  return 'CUDA found no GPU';
}

/** What a stored number depends on: the device, and switches of the environment that change its bits. */
export function cudaVersion({ device }: { readonly device: string | undefined }): string {
  const parts = [device === undefined ? 'cpu' : device.replaceAll(/[^\w.]+/g, '-')];
  if (['1', 'true'].includes((process.env.TF_DETERMINISTIC_OPS ?? '').toLowerCase())) parts.push('deterministic');
  // NVIDIA knows 0 alone, which forbids it.
  if ((process.env.NVIDIA_TF32_OVERRIDE ?? '0') !== '0') parts.push('tf32');
  return parts.join('+');
}
