/**
 * Named files out of a gzipped tar archive, into memory: nothing is written to disk, so nothing can leave its folder.
 *
 * Only what is asked for is taken, and only as regular files no larger than expected; links and all else
 * are passed over without effect. Layout (POSIX.1-1988 ustar): headers of 512 bytes with name,
 * octal size, checksum, type and prefix, each followed by the content padded to 512 bytes; a header of
 * zeros ends the archive.
 */
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { asError, UsageError } from '../errors.ts';

const BLOCK = 512;
const CHECKSUM = { from: 148, to: 156 };
const REGULAR = new Set(['0', '\0']);

/**
 * The members' bytes by name, from the archive at `path`; `largest` names them with the most bytes that each may have.
 *
 * Memory: the members, and no more than one chunk of the archive. Errors: UsageError where the archive is
 * damaged or lacks a member; the signal's reason when aborted.
 */
export async function readTarGz(
  path: string,
  largest: ReadonlyMap<string, number>,
  signal?: AbortSignal,
): Promise<Map<string, Uint8Array>> {
  const reader = new TarReader(path, largest);
  const archive = createReadStream(path);
  const unpacked = archive.pipe(createGunzip());
  archive.on('error', (error) => unpacked.destroy(error));
  try {
    for await (const chunk of unpacked) {
      signal?.throwIfAborted();
      reader.take(chunk);
      if (reader.complete) break;
    }
  } catch (thrown) {
    signal?.throwIfAborted();
    if (thrown instanceof UsageError) throw thrown;
    const problem = asError(thrown).message;
    throw new UsageError(`[attribench] archive ${path}: cannot be unpacked (${problem})`, { cause: thrown });
  } finally {
    archive.destroy();
  }
  return reader.end();
}

/** Walks over an archive chunk by chunk. */
class TarReader {
  readonly #path: string;
  readonly #largest: ReadonlyMap<string, number>;
  readonly #found = new Map<string, Uint8Array>();
  readonly #header = new Uint8Array(BLOCK);
  /** Bytes of the present header, content or padding that are still to come. */
  #missing = BLOCK;
  #padding = 0;
  #state: 'header' | 'content' | 'padding' = 'header';
  #member: Uint8Array | undefined;
  #name = '';
  #ended = false;

  constructor(path: string, largest: ReadonlyMap<string, number>) {
    this.#path = path;
    this.#largest = largest;
  }

  get complete(): boolean {
    return this.#ended || this.#found.size === this.#largest.size;
  }

  take(chunk: Uint8Array): void {
    for (let from = 0; from < chunk.length && !this.complete; ) {
      const taken = chunk.subarray(from, from + this.#missing);
      const target = this.#state === 'header' ? this.#header : this.#state === 'content' ? this.#member : undefined;
      target?.set(taken, target.length - this.#missing);
      from += taken.length;
      this.#missing -= taken.length;
      while (this.#missing === 0 && !this.complete) this.#next();
    }
  }

  /** All members; throws where one was not there. */
  end(): Map<string, Uint8Array> {
    for (const name of this.#largest.keys()) {
      if (!this.#found.has(name)) this.#fail(`has no whole file ${name}: truncated, or another archive`);
    }
    return this.#found;
  }

  /** What follows a header, a content or a padding that has come whole. */
  #next(): void {
    if (this.#state === 'header') this.#readHeader();
    else if (this.#state === 'content') {
      if (this.#member !== undefined) this.#found.set(this.#name, this.#member);
      this.#member = undefined;
      this.#state = 'padding';
      this.#missing = this.#padding;
    } else {
      this.#state = 'header';
      this.#missing = BLOCK;
    }
  }

  #readHeader(): void {
    const header = this.#header;
    if (header.every((byte) => byte === 0)) {
      this.#ended = true;
      return;
    }
    let sum = 0;
    for (let i = 0; i < BLOCK; i++) sum += i >= CHECKSUM.from && i < CHECKSUM.to ? 0x20 : (header[i] ?? 0);
    if (sum !== octal(header, CHECKSUM.from, CHECKSUM.to)) this.#fail('has a damaged header, or is no tar archive');
    const size = octal(header, 124, 136);
    if (size === undefined) this.#fail('has a header without a size');
    const prefix = text(header, 257, 262) === 'ustar' ? text(header, 345, 500) : '';
    const name = prefix === '' ? text(header, 0, 100) : `${prefix}/${text(header, 0, 100)}`;
    const most = this.#largest.get(name);
    this.#member = undefined;
    if (most !== undefined && REGULAR.has(String.fromCharCode(header[156] ?? 0))) {
      if (size > most) this.#fail(`holds ${name} of ${size} bytes, expected at most ${most}`);
      if (this.#found.has(name)) this.#fail(`holds ${name} twice`);
      this.#name = name;
      this.#member = new Uint8Array(size);
    }
    this.#state = 'content';
    this.#missing = size;
    this.#padding = (BLOCK - (size % BLOCK)) % BLOCK;
  }

  #fail(problem: string): never {
    throw new UsageError(`[attribench] archive ${this.#path}: ${problem}`);
  }
}

/** A field's text up to its first zero byte. */
function text(header: Uint8Array, from: number, to: number): string {
  const field = header.subarray(from, to);
  const end = field.indexOf(0);
  return Buffer.from(end < 0 ? field : field.subarray(0, end)).toString('latin1');
}

/** A field's octal number; undefined where it is none. */
function octal(header: Uint8Array, from: number, to: number): number | undefined {
  const digits = text(header, from, to).trim();
  return /^[0-7]{1,11}$/.test(digits) ? Number.parseInt(digits, 8) : undefined;
}
