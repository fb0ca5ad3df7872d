/**
 * Names for content: canonical JSON (RFC 8785) and SHA-256 of it, of bytes, and of weights.
 */
import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { WeightEntry } from './contracts.ts';

/** The RFC 8785 text of a JSON value; throws on NaN, Infinity and values that JSON cannot hold. */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError(`[attribench] cannot fingerprint ${typeof value}: expected a JSON value`);
  return text;
}

/** SHA-256, in hexadecimal, of the canonical JSON of a value. */
export function fingerprint(value: unknown): string {
  return sha256(canonicalJson(value));
}

/** SHA-256, in hexadecimal, of bytes or of a string's UTF-8 bytes. */
export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** SHA-256 over names, shapes and float32 bytes, in the given order (Weights.hash). */
export function hashWeights(entries: readonly WeightEntry[]): string {
  const hash = createHash('sha256');
  for (const { name, shape, data } of entries) {
    hash.update(canonicalJson({ name, shape }));
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}
