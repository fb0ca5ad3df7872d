import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { cudaVersion, judgeCuda, prepareCuda } from './cuda.ts';

beforeEach(() => {
  vi.stubEnv('TF_DETERMINISTIC_OPS', undefined);
  vi.stubEnv('NVIDIA_TF32_OVERRIDE', undefined);
  vi.stubEnv('TF_FORCE_GPU_ALLOW_GROWTH', undefined);
});

afterEach(() => {
  vi.unstubAllEnvs();
});

/** As libtensorflow 2.18 words it; the card is made up. */
const created = (number: number, name: string) =>
  `I0000 00:00:1 10 gpu_device.cc:2022] Created device /job:localhost/replica:0/task:0/device:GPU:${number} with 9000 MB ` +
  `memory:  -> device: ${number}, name: ${name}, pci bus id: 0000:00:04.0, compute capability: 9.0\n`;

test('a GPU is named with its compute capability, and so is the version', () => {
  const search = judgeCuda({ onGpu: true, log: `other\n${created(0, 'Card 7')}` });
  expect(search).toMatchObject({ loads: true, device: 'Card 7, compute capability 9.0' });
  expect(search.loads && cudaVersion(search)).toBe('Card-7-compute-capability-9.0');
});

test('of several GPUs the last one computes', () => {
  const search = judgeCuda({ onGpu: true, log: created(0, 'First') + created(1, 'Second') });
  expect(search).toHaveProperty('device', 'Second, compute capability 9.0');
});

test('without a GPU it says so, and computes on the CPU', () => {
  const search = judgeCuda({ onGpu: false, log: 'failed call to cuInit' });
  expect(search).toEqual({ loads: true, device: undefined, why: 'native TensorFlow on the CPU: CUDA found no GPU' });
  expect(search.loads && cudaVersion(search)).toBe('cpu');
});

test('a GPU whose libraries do not load is another sentence than none; an addon that does not load is not present', () => {
  const log = 'W0000 00:00:1 10 gpu_device.cc:2344] Cannot dlopen some GPU libraries. Please make sure';
  expect(judgeCuda({ onGpu: false, log })).toHaveProperty('why', expect.stringContaining("NVIDIA's libraries"));
  expect(judgeCuda({ onGpu: undefined, log: 'x\nError: libm.so.6: not found\n  at y' })).toEqual({
    loads: false,
    why: 'its addon does not load: libm.so.6: not found',
  });
  expect(judgeCuda({ onGpu: undefined, log: 'I: round-off errors' })).toHaveProperty(
    'why',
    expect.stringContaining('crashed'),
  );
});

test('switches that change bits stand in the version', () => {
  vi.stubEnv('TF_DETERMINISTIC_OPS', '1');
  expect(cudaVersion({ device: undefined })).toBe('cpu+deterministic');
  vi.stubEnv('NVIDIA_TF32_OVERRIDE', '0');
  expect(cudaVersion({ device: undefined })).toBe('cpu+deterministic');
  vi.stubEnv('NVIDIA_TF32_OVERRIDE', '1');
  expect(cudaVersion({ device: undefined })).toBe('cpu+deterministic+tf32');
});

test("memory grows and products are float32, unless the user's environment says otherwise", () => {
  vi.stubEnv('NVIDIA_TF32_OVERRIDE', '1');
  prepareCuda();
  expect(process.env.TF_FORCE_GPU_ALLOW_GROWTH).toBe('true');
  expect(process.env.NVIDIA_TF32_OVERRIDE).toBe('1');
});
