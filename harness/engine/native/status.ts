/**
 * What is built: `<cache folder>/engines/<engine>-<version>-<layout>` with the two TensorFlow libraries and the
 * addon beside them (it finds them by $ORIGIN). The folder appears whole, by a rename.
 */
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { homeFolder } from '../../project.ts';
import type { Native } from './wheel.ts';

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
export function nativeFolder({ name, library, layout }: Native, home?: string): string {
  return join(enginesFolder(home), `${name}-${library}-${layout}`);
}

/** Where its addon lies, or will lie. */
export function addonPath(native: Native, folder: string): string {
  return join(folder, native.place, ADDON);
}

/** Whether the native engine is built, and where. */
export function nativeStatus(native: Native, home?: string): NativeStatus {
  const folder = nativeFolder(native, home);
  const addon = addonPath(native, folder);
  if (!existsSync(addon)) {
    return { installed: false, folder, why: `not installed, \`attribench engine install ${native.name}\` builds it` };
  }
  const bytes = folderBytes(folder);
  return { installed: true, folder, addon, library: native.library, bytes, why: `built in ${folder}` };
}

/** Deletes every build of the native engine and every leftover of an interrupted one; returns the bytes freed. */
export function removeNative({ name }: Native, home?: string): number {
  const folder = enginesFolder(home);
  if (!existsSync(folder)) return 0;
  let bytes = 0;
  // A version follows the name: 'tensorflow' does not own 'tensorflow-gpu-2.18.1-1'.
  const own = readdirSync(folder).filter(
    (entry) => entry.startsWith(`${name}-`) && /^\d/.test(entry.slice(name.length + 1)),
  );
  for (const build of own) {
    bytes += folderBytes(join(folder, build));
    rmSync(join(folder, build), { recursive: true, force: true });
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
