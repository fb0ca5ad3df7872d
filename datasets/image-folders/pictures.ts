/**
 * Picture files in folders, decoded one after the other to one size; only one batch of them is ever in memory.
 */
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type ImageStream, UsageError } from 'attribench';

const PICTURE = /\.(jpe?g|png|webp|gif|tiff?|avif)$/i;
/** Bounds what a hostile picture may decode to; the largest of ImageNet's have some 20 million pixels. */
const LARGEST_PICTURE = 1e8;
/** Pictures decoded at a time. */
const BATCH = 64;

/** How a picture becomes an image [size, size, channels]. */
export interface Fitting {
  /** Length of the shorter side after resizing. */
  readonly resize: number;
  /** Side of the square cut from the middle. */
  readonly size: number;
  readonly channels: 1 | 3;
}

/** Names of the folders in a folder, sorted. Errors: UsageError where the folder is absent. */
export async function foldersIn(folder: string): Promise<string[]> {
  const entries = await entriesOf(folder);
  return entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => name);
}

/** Paths of the picture files of a folder, sorted by name; links are passed over. Errors: UsageError where there is none. */
export async function picturesIn(folder: string): Promise<string[]> {
  const entries = await entriesOf(folder);
  const found = entries.filter((entry) => entry.isFile() && PICTURE.test(entry.name));
  if (found.length === 0)
    throw new UsageError(`[attribench] ${folder} holds no picture (JPEG, PNG, WebP, GIF, TIFF, AVIF)`);
  return found.map(({ name }) => join(folder, name));
}

async function entriesOf(folder: string) {
  const entry = await lstat(folder).catch(() => undefined);
  if (entry === undefined) throw new UsageError(`[attribench] ${folder} is absent, expected a folder`);
  if (!entry.isDirectory()) throw new UsageError(`[attribench] ${folder} is no folder`);
  const entries = await readdir(folder, { withFileTypes: true });
  // By code units, as on every machine and in every locale.
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Refuses a fitting that cannot be meant. */
export function checkFitting({ resize, size, channels }: Fitting): void {
  for (const [name, value] of Object.entries({ resize, size })) {
    if (!Number.isInteger(value) || value < 1 || value > 4096)
      throw new UsageError(`[attribench] ${name} is ${value}, expected an integer from 1 to 4096`);
  }
  if (size > resize) throw new UsageError(`[attribench] size is ${size}, expected at most resize, which is ${resize}`);
  if (channels !== 1 && channels !== 3) throw new UsageError(`[attribench] channels is ${channels}, expected 1 or 3`);
}

/** The pictures in this order, as images; `progress` gets the share done. */
export function pictureStream(
  paths: readonly string[],
  fitting: Fitting,
  signal: AbortSignal,
  progress: (share: number) => void,
): ImageStream {
  return {
    async *blocks() {
      for (let from = 0; from < paths.length; from += BATCH) {
        signal.throwIfAborted();
        const images = await Promise.all(paths.slice(from, from + BATCH).map((path) => picture(path, fitting)));
        yield Buffer.concat(images);
        progress(Math.min(1, (from + BATCH) / paths.length));
      }
    },
  };
}

/**
 * One picture [size, size, channels]: turned as its camera says, shorter side to `resize`, the middle cut out;
 * transparent pixels become black. Errors: UsageError naming a file that is no picture or is damaged.
 */
export async function picture(path: string, { resize, size, channels }: Fitting): Promise<Uint8Array> {
  // Loaded here, since it brings a library of megabytes and every command loads all plugins.
  const { default: sharp } = await import('sharp');
  try {
    const fitted = sharp(path, { limitInputPixels: LARGEST_PICTURE, failOn: 'truncated' })
      .autoOrient()
      .flatten({ background: '#000' })
      .resize(resize, resize, { fit: 'outside' })
      .toColourspace(channels === 1 ? 'b-w' : 'srgb');
    const { data, info } = await fitted.raw().toBuffer({ resolveWithObject: true });
    return middle(data, info, size, channels);
  } catch (cause) {
    const reason = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
    throw new UsageError(`[attribench] ${path} cannot be read as a picture: ${reason}`, { cause });
  }
}

/** The square of this side from the middle of rows of pixels, its channels made one or three. */
function middle(
  data: Uint8Array,
  { width, height, channels: given }: { readonly width: number; readonly height: number; readonly channels: number },
  size: number,
  channels: number,
): Uint8Array {
  const [top, left] = [Math.floor((height - size) / 2), Math.floor((width - size) / 2)];
  const image = new Uint8Array(size * size * channels);
  let to = 0;
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const from = ((top + row) * width + left + column) * given;
      for (let channel = 0; channel < channels; channel++)
        image[to++] = data[from + (given === 1 ? 0 : channel)] as number;
    }
  }
  return image;
}
