/**
 * The file that says what an artifact holds, under a checksum of its own, and the names of an artifact's files.
 */
import type { StepKind } from '../contracts.ts';
import { sha256 } from '../fingerprint.ts';
import type { ArtifactHead } from './artifact.ts';

export interface Shard {
  readonly sha256: string;
  readonly bytes: number;
}

export interface Manifest extends ArtifactHead {
  readonly format: 1;
  readonly kind: StepKind;
  readonly parts: { readonly [name: string]: ManifestPart };
}

export interface ManifestPart {
  readonly bytes: number;
  readonly shards: readonly Shard[];
  /** Written from a stream: never read as a whole. */
  readonly streamed?: true;
}

/** Thrown where bytes are not what was written. */
export class Damage extends Error {}

/** The text of a manifest with its own checksum in front; JSON like the manifest itself. */
export function seal(manifest: string): string {
  return `{"sha256":"${sha256(manifest)}","manifest":${manifest}}`;
}
const SEAL_LENGTH = seal('').length - 1;

/** The manifest of such a text; Damage where it is not what was written. */
export function unseal(sealed: string): Manifest {
  const text = sealed.slice(SEAL_LENGTH, -1);
  if (sealed !== seal(text)) throw new Damage('its manifest does not match its checksum');
  const manifest: Manifest = JSON.parse(text);
  if (manifest.format !== 1) throw new Damage(`its manifest has format ${manifest.format}, expected 1`);
  return manifest;
}

/** An item's key in unstorage, where a colon separates folders. */
export function fileKey(key: string, extension: string): string {
  return `${key.slice(0, 2)}:${key}.${extension}`;
}

/** The artifact's key from one of its files' names. */
export function keyOf(name: string): string {
  return name.slice(0, name.indexOf('.'));
}

export function isManifest(name: string): boolean {
  return name.endsWith('.json');
}
