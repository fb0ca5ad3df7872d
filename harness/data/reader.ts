/**
 * Images that stay on disk: files of whole images, read when asked for, and kept by nobody but the system's page cache.
 *
 * Reading is synchronous, as a training's inner loop needs it; a file is open no longer than one call.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import type { ImageReader } from '../contracts.ts';

/** A file that holds whole images and nothing else. */
export interface ImageFile {
  readonly path: string;
  readonly bytes: number;
}

/** Reads images of `size` bytes each from files in the order of the images; throws where a file holds a broken image. */
export function imageReader(files: readonly ImageFile[], size: number): ImageReader {
  const places: { readonly file: ImageFile; readonly first: number; readonly count: number }[] = [];
  let total = 0;
  for (const file of files) {
    const count = file.bytes / size;
    if (!Number.isInteger(count))
      throw new Error(`[attribench] ${file.path} has ${file.bytes} bytes, expected whole images of ${size}`);
    places.push({ file, first: total, count });
    total += count;
  }
  return {
    gather(indices) {
      const images = new Uint8Array(indices.length * size);
      const rows = Array.from(indices, (index, row) => ({ index, row })).sort((a, b) => a.index - b.index);
      for (const { index } of rows) {
        if (!(Number.isInteger(index) && index >= 0 && index < total))
          throw new RangeError(`[attribench] image index ${index}, expected 0 to ${total - 1}`);
      }
      let next = 0;
      for (const { file, first, count } of places) {
        const wanted: typeof rows = [];
        for (let row = rows[next]; row !== undefined && row.index < first + count; row = rows[++next]) wanted.push(row);
        if (wanted.length === 0) continue;
        const handle = openSync(file.path, 'r');
        try {
          for (const { index, row } of wanted) {
            const read = readSync(handle, images, row * size, size, (index - first) * size);
            if (read !== size) throw new Error(`[attribench] ${file.path} ends within image ${index}`);
          }
        } finally {
          closeSync(handle);
        }
      }
      return images;
    },
  };
}
