/** The tensorflow-gpu engine where it is built; with a GPU it is tested there, else on the CPU. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { loadNative } from './native/backend.ts';
import { nativeStatus } from './native/status.ts';
import { TENSORFLOW, TENSORFLOW_GPU } from './native/wheel.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const gpu = nativeStatus(TENSORFLOW_GPU);
const cpu = nativeStatus(TENSORFLOW);

if (!gpu.installed) {
  test(`engine tensorflow-gpu: absent (${gpu.why})`, () => expect(gpu.why).not.toBe(''));
} else {
  test('the engine suite passes on it, in a process of its own', () => {
    const vitest = join(root, 'node_modules/vitest/vitest.mjs');
    const env = { ...process.env, ATTRIBENCH_ENGINE: 'tensorflow-gpu' };
    const { status, stdout } = spawnSync(process.execPath, [vitest, 'run', 'harness/engine/engine.test.ts'], {
      cwd: root,
      env,
      encoding: 'utf8',
    });
    expect(stdout).not.toContain('engine tensorflow-gpu: absent');
    expect(status, stdout).toBe(0);
  });

  test("with a driver that reports a card, NVIDIA's libraries are found without an environment", () => {
    const loaded = librariesLoaded(gpu.addon);
    const own = loaded.filter((path) => path.startsWith(gpu.folder)).map((path) => path.split('/').at(-1));
    const needed = ['cudart.so.12', 'cublas.so.12', 'cublasLt.so.12', 'cudnn.so.9', 'cufft.so.11', 'cusolver.so.11'];
    expect(own).toEqual(
      expect.arrayContaining([...needed, 'cusparse.so.12', 'nvJitLink.so.12'].map((name) => `lib${name}`)),
    );
  });

  const beside = cpu.installed
    ? 'a process holds it or the tensorflow engine'
    : `engine tensorflow: absent (${cpu.why})`;
  test(beside, async () => {
    await loadNative(gpu.addon, TENSORFLOW_GPU.npmPackage);
    if (!cpu.installed) return;
    await expect(loadNative(cpu.addon, TENSORFLOW.npmPackage)).rejects.toThrow(/a process holds one libtensorflow/);
  });
}

/** As much of CUDA's driver as makes TensorFlow look for its libraries; the context that it asks for next is refused. */
const DRIVER = `
int cuInit(unsigned flags) { return 0; }
int cuDriverGetVersion(int *version) { *version = 12050; return 0; }
int cuDeviceGetCount(int *count) { *count = 1; return 0; }
int cuDeviceGet(int *device, int which) { *device = 0; return 0; }
int cuDeviceGetName(char *name, int length, int device) { name[0] = 'x'; name[1] = 0; return 0; }
int cuDeviceTotalMem_v2(unsigned long *bytes, int device) { *bytes = 1ul << 33; return 0; }
int cuDeviceGetAttribute(int *value, int which, int device) { *value = which == 75 ? 8 : 0; return 0; }
int cuDeviceGetPCIBusId(char *id, int length, int device) { id[0] = 0; return 0; }
int cuGetErrorName(int error, const char **name) { *name = "refused"; return 0; }
int cuGetErrorString(int error, const char **text) { *text = "refused"; return 0; }
int cuDevicePrimaryCtxGetState(int device, unsigned *flags, int *active) { *flags = 0; *active = 0; return 0; }
int cuDevicePrimaryCtxSetFlags_v2(int device, unsigned flags) { return 0; }
int cuDevicePrimaryCtxRetain(void **context, int device) { return 999; }
`;

/** Paths of the libraries that the dynamic loader started in a process that loads the addon on that driver. */
function librariesLoaded(addon: string): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'attribench-driver-'));
  try {
    writeFileSync(join(folder, 'driver.c'), DRIVER);
    execFileSync('cc', ['-shared', '-fPIC', '-o', join(folder, 'libcuda.so.1'), join(folder, 'driver.c')]);
    const env = { ...process.env, LD_LIBRARY_PATH: folder, LD_DEBUG: 'libs' };
    // That process ends badly: only the driver's first answers are there.
    const { stderr } = spawnSync(process.execPath, ['-e', `require(${JSON.stringify(addon)})`], {
      env,
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    });
    // As the loader spells them, by way of '..'.
    return [...stderr.matchAll(/calling init: (.*)$/gm)].map(([, path = '']) => resolve(path));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
