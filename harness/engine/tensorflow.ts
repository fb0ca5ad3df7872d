/**
 * Native TensorFlow on the CPU: tfjs-node's JavaScript over an addon that `attribench engine install
 * tensorflow` builds into the cache folder, or over the package's own addon where its install script ran.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type Engine, TFJS_VERSION } from './engine.ts';
import type { Momentum } from './momentum.ts';
import { loadNative } from './native/backend.ts';
import { nativeStatus } from './native/status.ts';
import { TENSORFLOW } from './native/wheel.ts';
import type { Programs } from './program.ts';

const require = createRequire(import.meta.url);

/** Undefined over an addon that we did not build: it has no such operation. */
let momentum: (() => Momentum) | undefined;
/** Undefined over such an addon too: its sessions rewrite graphs. */
let programs: Programs | undefined;

export const tensorflow: Engine = {
  name: 'tensorflow',
  probe() {
    const addon = findAddon();
    if (addon === undefined) return { present: false, version: TFJS_VERSION, why: nativeStatus(TENSORFLOW).why };
    return {
      present: true,
      version: `${TFJS_VERSION}+libtensorflow.${addon.library}`,
      why: `native TensorFlow ${addon.library} on the CPU`,
    };
  },
  async load() {
    const addon = findAddon();
    if (addon === undefined) throw new Error(`[attribench] engine tensorflow: ${nativeStatus(TENSORFLOW).why}`);
    const native = await loadNative(addon.path, TENSORFLOW.npmPackage);
    momentum = addon.own ? native.momentum : undefined;
    programs = addon.own ? native.programs : undefined;
  },
  momentum: () => momentum?.(),
  // Bits are the same without; for measurements and doubts.
  programs: () => (process.env.ATTRIBENCH_GRAPHS === 'off' ? undefined : programs),
  // 256 rows of 784 numbers: 0.2 ms here, 0.7 ms in JavaScript; beyond this the copy costs too much memory.
  keptBytes: () => 2 ** 28,
};

function findAddon(): { readonly path: string; readonly library: string; readonly own: boolean } | undefined {
  const built = nativeStatus(TENSORFLOW);
  if (built.installed) return { path: built.addon, library: built.library, own: true };
  const own = packageFolder();
  const path = own === undefined ? undefined : join(own, 'lib/napi-v8/tfjs_binding.node');
  return path !== undefined && existsSync(path) ? { path, library: '2.9.1', own: false } : undefined;
}

function packageFolder(): string | undefined {
  try {
    return dirname(require.resolve(`${TENSORFLOW.npmPackage}/package.json`));
  } catch {
    return undefined;
  }
}
