/**
 * What is built: `<cache folder>/engines/tensorflow-<version>` with the two TensorFlow libraries, the
 * addon beside them (it finds them by $ORIGIN) and a manifest. The folder appears whole, by a rename.
 */
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { homeFolder } from '../../project.ts';
import { LIBRARY_VERSION } from './wheel.ts';

/** Raised when the same library must be built or laid out anew. */
const LAYOUT = 1;

export const ADDON = 'tfjs_binding.node';

export type NativeStatus =
  | {
      readonly installed: true;
      readonly folder: string;
      readonly addon: string;
      /** Version of libtensorflow. */
      readonly library: string;
      readonly bytes: number;
      readonly why: string;
    }
  | { readonly installed: false; readonly folder: string; readonly why: string };

/** All engines built into this project's cache folder. */
export function enginesFolder(home: string = homeFolder()): string {
  return join(home, 'engines');
}

/** Where the native engine of this version lies, or will lie. */
export function nativeFolder(home?: string): string {
  return join(enginesFolder(home), `tensorflow-${LIBRARY_VERSION}-${LAYOUT}`);
}

/** Whether the native engine is built, and where. */
export function nativeStatus(home?: string): NativeStatus {
  const folder = nativeFolder(home);
  const addon = join(folder, ADDON);
  if (!existsSync(addon)) {
    return { installed: false, folder, why: 'not installed, `attribench engine install tensorflow` builds it' };
  }
  const bytes = folderBytes(folder);
  return { installed: true, folder, addon, library: LIBRARY_VERSION, bytes, why: `built in ${folder}` };
}

/** Deletes every native build and every leftover of an interrupted one; returns the bytes freed. */
export function removeNative(home?: string): number {
  const folder = enginesFolder(home);
  if (!existsSync(folder)) return 0;
  let bytes = 0;
  for (const name of readdirSync(folder).filter((entry) => entry.startsWith('tensorflow-'))) {
    bytes += folderBytes(join(folder, name));
    rmSync(join(folder, name), { recursive: true, force: true });
  }
  return bytes;
}

export function folderBytes(folder: string): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    try {
      bytes += entry.isDirectory() ? folderBytes(path) : statSync(path).size;
    } catch {
      // A file that another process moved away meanwhile has no size to add.
    }
  }
  return bytes;
}
