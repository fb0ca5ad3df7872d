/**
 * What finished steps leave behind, by key: written once, verified at every reading.
 *
 * One artifact is a set of files in `<folder>/<first two digits of the key>/`: its parts in shards of
 * at most 64 MiB, named `<key>.<SHA-256 of the bytes>`, and last of all the manifest `<key>.json`,
 * which names them. An artifact without a manifest does not exist, so a writer killed at any point
 * leaves nothing half. Two processes may write one key at once: shards are named by content, and the
 * first manifest wins. What does not match its checksum is reported, removed and counts as missing.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createStorage, type Storage } from 'unstorage';
import type { Step, StepKind } from '../contracts.ts';
import { asError, UsageError } from '../errors.ts';
import { canonicalJson, sha256 } from '../fingerprint.ts';
import { homeFolder } from '../project.ts';
import type { Address, Artifact, ArtifactHead, ReadArtifact, ShardFile } from './artifact.ts';
import { atomicFiles, isUnfinished } from './store-driver.ts';
import {
  Damage,
  fileKey,
  isManifest,
  keyOf,
  type Manifest,
  type ManifestPart,
  type Shard,
  seal,
  unseal,
} from './store-manifest.ts';

export type { Artifact, ArtifactHead, ReadArtifact } from './artifact.ts';

/** One line of `attribench store`. */
export interface StoredArtifact {
  readonly kind: StepKind;
  readonly key: string;
  readonly bytes: number;
  readonly seconds: number;
  readonly written: Date;
}

export interface PruneOptions {
  /** Step kinds to remove; all by default. */
  readonly kinds?: readonly StepKind[];
  /** Spares what was written since; 0 by default. */
  readonly olderThanDays?: number;
  /** Keys to spare. */
  readonly keep?: ReadonlySet<string>;
}

export interface StoreOptions {
  /** Called with one sentence for every artifact found damaged and removed; standard error by default. */
  readonly onDamage?: (report: string) => void;
  /** Bytes a shard, at most; for tests. */
  readonly shardBytes?: number;
}

const SHARD_BYTES = 64 * 2 ** 20;
const DAY = 24 * 60 * 60 * 1000;
/** A file that no manifest names is a leftover when nobody has touched it for so long. */
const ABANDONED = 60 * 60 * 1000;

export class Store {
  readonly folder: string;
  readonly #storage: Storage;
  readonly #shardBytes: number;
  readonly #onDamage: (report: string) => void;

  private constructor(folder: string, options: StoreOptions) {
    this.folder = folder;
    this.#storage = createStorage({ driver: atomicFiles(folder) });
    this.#shardBytes = options.shardBytes ?? SHARD_BYTES;
    this.#onDamage = options.onDamage ?? ((report) => console.error(report));
  }

  /** Opens the store in `folder`, by default the cache folder's `store`; makes it where there is none. */
  static async open(folder: string = join(homeFolder(), 'store'), options: StoreOptions = {}): Promise<Store> {
    const place = resolve(folder);
    try {
      await mkdir(place, { recursive: true });
    } catch (cause) {
      const problem = asError(cause).message;
      throw new UsageError(
        `[attribench] store: cannot use the folder ${place} (${problem}); ATTRIBENCH_HOME names another`,
        { cause },
      );
    }
    return new Store(place, options);
  }

  /** Whether the artifact was written; its bytes are verified only when read. One stat. */
  has({ key }: Address): Promise<boolean> {
    return this.#storage.hasItem(fileKey(key, 'json'));
  }

  /** Everything of an artifact; undefined where it is missing or damaged. Parts start at offset 0 of their buffers. */
  read(address: Address): Promise<ReadArtifact | undefined> {
    return this.#reading(address, async (manifest) => {
      const { outcome, metadata } = manifest;
      const parts: [string, Uint8Array][] = [];
      const streamed: [string, readonly ShardFile[]][] = [];
      for (const [name, part] of Object.entries(manifest.parts)) {
        if (part.streamed) streamed.push([name, await this.#shards(address, manifest, name)]);
        else parts.push([name, await this.#part(address, manifest, name)]);
      }
      const shards = streamed.length === 0 ? {} : { shards: Object.fromEntries(streamed) };
      return { outcome, metadata, parts: Object.fromEntries(parts), ...shards };
    });
  }

  /** An artifact without its bytes; undefined where it is missing or damaged. */
  readHead(address: Address): Promise<ArtifactHead | undefined> {
    return this.#reading(address, async ({ outcome, metadata, seconds }) => ({ outcome, metadata, seconds }));
  }

  /** One part of an artifact; undefined where the artifact is missing or this part is damaged. */
  readPart(address: Address, name: string): Promise<Uint8Array | undefined> {
    return this.#reading(address, (manifest) => this.#part(address, manifest, name));
  }

  /** Keeps an artifact; where one of this key is already there, that one stays. */
  async write(step: Pick<Step, 'kind' | 'key'>, artifact: Artifact, run: { readonly seconds: number }): Promise<void> {
    const { kind, key } = step;
    if (await this.has(step)) return;
    const parts: [string, ManifestPart][] = [];
    const writeShard = async (shard: Uint8Array): Promise<Shard> => {
      const digest = sha256(shard);
      await this.#storage.setItemRaw(fileKey(key, digest), shard);
      return { sha256: digest, bytes: shard.byteLength };
    };
    for (const [name, bytes] of Object.entries(artifact.parts)) {
      const shards: Shard[] = [];
      for (let from = 0; from < bytes.byteLength; from += this.#shardBytes) {
        shards.push(await writeShard(bytes.subarray(from, from + this.#shardBytes)));
      }
      parts.push([name, { bytes: bytes.byteLength, shards }]);
    }
    for (const [name, pieces] of Object.entries(artifact.streams ?? {})) {
      const shards: Shard[] = [];
      for await (const piece of pieces) shards.push(await writeShard(piece));
      parts.push([name, { bytes: shards.reduce((sum, { bytes }) => sum + bytes, 0), shards, streamed: true }]);
    }
    const { outcome, metadata } = artifact;
    const { seconds } = run;
    const manifest: Manifest = { format: 1, kind, outcome, metadata, seconds, parts: Object.fromEntries(parts) };
    const text = Buffer.from(seal(canonicalJson(manifest)));
    await this.#storage.setItemRaw(fileKey(key, 'json'), text, { first: true });
  }

  /** Removes every file of an artifact, the manifest first. */
  async remove({ key }: Address): Promise<void> {
    const folder = join(this.folder, key.slice(0, 2));
    await rm(join(folder, `${key}.json`), { force: true });
    for (const name of await namesIn(folder)) {
      if (name.startsWith(`${key}.`)) await rm(join(folder, name), { force: true });
    }
  }

  /** Every artifact, in the order of keys; a damaged manifest is reported and removed on the way. */
  async list(): Promise<readonly StoredArtifact[]> {
    const found: StoredArtifact[] = [];
    for await (const { folder, names } of this.#folders()) {
      for (const name of names.filter(isManifest).sort()) {
        const key = keyOf(name);
        const artifact = await this.#reading({ key }, async ({ kind, seconds, parts }) => {
          const file = await stat(join(folder, name)).catch(absent);
          if (file === undefined) return undefined;
          const bytes = Object.values(parts).reduce((sum, part) => sum + part.bytes, file.size);
          return { kind, key, bytes, seconds, written: file.mtime };
        });
        if (artifact !== undefined) found.push(artifact);
      }
    }
    return found;
  }

  /** Number of artifacts and their bytes by step kind. */
  async sizes(): Promise<Readonly<Record<StepKind, { readonly artifacts: number; readonly bytes: number }>>> {
    const none = { artifacts: 0, bytes: 0 };
    const sizes = {
      dataset: none,
      training: none,
      attribution: none,
      retraining: none,
      'stacked-retraining': none,
      evaluation: none,
    };
    for (const { kind, bytes } of await this.list()) {
      sizes[kind] = { artifacts: sizes[kind].artifacts + 1, bytes: sizes[kind].bytes + bytes };
    }
    return sizes;
  }

  /** Removes artifacts by kind, age and key, then the leftovers of killed writers; returns the artifacts removed. */
  async prune({ kinds, olderThanDays = 0, keep }: PruneOptions = {}): Promise<readonly StoredArtifact[]> {
    const before = Date.now() - olderThanDays * DAY;
    const removed: StoredArtifact[] = [];
    for (const artifact of await this.list()) {
      const { kind, key, written } = artifact;
      if (kinds?.includes(kind) === false || keep?.has(key) === true || written.getTime() > before) continue;
      await this.remove(artifact);
      removed.push(artifact);
    }
    await this.sweep();
    return removed;
  }

  /**
   * Removes what killed writers left: unfinished files, and shards whose manifest was never written.
   * Files younger than `age` milliseconds, an hour by default, may belong to a living writer and stay.
   */
  async sweep(age: number = ABANDONED): Promise<void> {
    const before = Date.now() - age;
    for await (const { folder, names } of this.#folders()) {
      const keys = new Set(names.filter(isManifest).map(keyOf));
      for (const name of names) {
        if (!isUnfinished(name) && keys.has(keyOf(name))) continue;
        const path = join(folder, name);
        const written = (await stat(path).catch(absent))?.mtimeMs;
        if (written !== undefined && written <= before) await rm(path, { force: true });
      }
    }
  }

  async *#folders(): AsyncGenerator<{ folder: string; names: string[] }> {
    for (const prefix of (await namesIn(this.folder)).sort()) {
      const folder = join(this.folder, prefix);
      yield { folder, names: await namesIn(folder) };
    }
  }

  /** Reads the manifest and passes it on; reports and removes the artifact where anything is damaged. */
  async #reading<T>(address: Address, use: (manifest: Manifest) => Promise<T>): Promise<T | undefined> {
    const file = await this.#bytes(address, 'json');
    if (file === null) return undefined;
    try {
      return await use(unseal(Buffer.from(file).toString('utf8')));
    } catch (thrown) {
      if (!(thrown instanceof Damage)) throw thrown;
      if (!(await this.has(address))) return undefined; // removed by another process while it was read
      await this.remove(address);
      this.#onDamage(
        `[attribench] store: artifact ${address.key} is damaged (${thrown.message}); removed, to be computed again`,
      );
      return undefined;
    }
  }

  async #part(address: Address, manifest: Manifest, name: string): Promise<Uint8Array> {
    const part = manifest.parts[name];
    if (part === undefined) {
      const known = Object.keys(manifest.parts).join(', ') || 'none';
      throw new Error(`[attribench] store: ${manifest.kind} ${address.key} has no part "${name}"; its parts: ${known}`);
    }
    const whole = new Uint8Array(part.bytes);
    let at = 0;
    for (const shard of part.shards) {
      const bytes = await this.#bytes(address, shard.sha256);
      if (bytes === null) throw new Damage(`a shard of part "${name}" is missing`);
      if (bytes.byteLength !== shard.bytes) {
        throw new Damage(`a shard of part "${name}" has ${bytes.byteLength} bytes, expected ${shard.bytes}`);
      }
      if (sha256(bytes) !== shard.sha256) throw new Damage(`a shard of part "${name}" does not match its checksum`);
      whole.set(bytes, at);
      at += bytes.byteLength;
    }
    return whole;
  }

  /** The files of a streamed part, each read once through and found as it was written. */
  async #shards({ key }: Address, manifest: Manifest, name: string): Promise<readonly ShardFile[]> {
    const files: ShardFile[] = [];
    for (const { sha256: expected, bytes } of manifest.parts[name]?.shards ?? []) {
      const path = join(this.folder, key.slice(0, 2), `${key}.${expected}`);
      const digest = await fileDigest(path).catch(absent);
      if (digest === undefined) throw new Damage(`a shard of part "${name}" is missing`);
      if (digest !== expected) throw new Damage(`a shard of part "${name}" does not match its checksum`);
      files.push({ path, bytes });
    }
    return files;
  }

  #bytes({ key }: Address, extension: string): Promise<Uint8Array | null> {
    return this.#storage.getItemRaw<Uint8Array>(fileKey(key, extension));
  }
}

/** SHA-256 of a file, in bounded memory. */
async function fileDigest(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
}

/** Names in a folder; none where there is no such folder. */
async function namesIn(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(absent)) ?? [];
}

function absent(cause: NodeJS.ErrnoException): undefined {
  if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') return undefined;
  throw cause;
}
