/**
 * unstorage's `fs-lite` with writes that are whole or absent.
 *
 * The stock driver writes in place: killed half-way it leaves a truncated file under the final name.
 * Here bytes go to a neighbour first and get their name when complete. No fsync: after a power cut a
 * file may be short, which the store's checksums notice, and waiting for the disk would cost more
 * than recomputing.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { link, mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Driver } from 'unstorage';
import fsLite from 'unstorage/drivers/fs-lite';
import writeFileAtomic from 'write-file-atomic';

/** What a killed writer leaves: write-file-atomic's `<name>.<digits>` and our `<name>.<uuid>.staged`. */
const UNFINISHED = /\.\d+$|\.staged$/;

/** True for the name of a file that is still being written, or whose writer was killed. */
export function isUnfinished(name: string): boolean {
  return UNFINISHED.test(name);
}

/** A file's path from its key: `kind:name` lies at `<folder>/kind/name`. */
function pathOf(folder: string, key: string): string {
  return join(folder, ...key.split(':'));
}

/** Writes bytes under a name at once; a full disk is an error and leaves no short file. */
async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  await writeFileAtomic(path, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), { fsync: false });
  const { size } = await stat(path);
  if (size !== bytes.byteLength) {
    await rm(path, { force: true });
    throw new Error(`[attribench] store: wrote ${size} of ${bytes.byteLength} bytes of ${path}: is the disk full?`);
  }
}

/** Gives bytes a name that nobody has yet; silently keeps what is there. */
async function writeFirst(path: string, bytes: Uint8Array): Promise<void> {
  const staged = `${path}.${randomUUID()}.staged`;
  await writeWhole(staged, bytes);
  try {
    await link(staged, path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    // File systems without hard links: the later of two simultaneous writers wins there.
    if (code === 'EPERM' || code === 'ENOTSUP' || code === 'ENOSYS') return await rename(staged, path);
    throw cause;
  } finally {
    await rm(staged, { force: true });
  }
}

function readIfThere(path: string): Uint8Array | null {
  try {
    return readFileSync(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw cause;
  }
}

/** A driver over one folder. `setItemRaw(key, bytes, { first: true })` keeps an item that is already there. */
export function atomicFiles(folder: string): Driver {
  return {
    ...fsLite({ base: folder, ignore: isUnfinished, noClear: true }),
    name: 'atomic-files',
    // Synchronous: a rerun reads thousands of small manifests, and each wait for a promise costs ten times the read.
    getItemRaw: (key) => readIfThere(pathOf(folder, key)),
    async setItemRaw(key, bytes: Uint8Array, options: { first?: boolean }) {
      const path = pathOf(folder, key);
      await mkdir(dirname(path), { recursive: true });
      await (options.first === true ? writeFirst(path, bytes) : writeWhole(path, bytes));
    },
  };
}
