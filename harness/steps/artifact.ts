/**
 * What a finished step leaves behind, before and after it was stored.
 */
import type { Json, Step, StepOutcome } from '../contracts.ts';

/** What a step leaves: how it ended, a few facts as JSON, and bytes by name. */
export interface Artifact {
  readonly outcome: StepOutcome;
  readonly metadata: Json;
  readonly parts: Readonly<Record<string, Uint8Array>>;
  /** Parts too large for memory, in pieces of at most 64 MiB: each is written as it comes, as a shard of its own. */
  readonly streams?: Readonly<Record<string, AsyncIterable<Uint8Array>>>;
}

/** A shard's file, whose bytes were verified. */
export interface ShardFile {
  readonly path: string;
  readonly bytes: number;
}

/** An artifact read back: what was streamed stays in its files. */
export interface ReadArtifact extends Omit<Artifact, 'streams'> {
  readonly shards?: Readonly<Record<string, readonly ShardFile[]>>;
}

/** An artifact without its bytes; `seconds` is what it took to compute. */
export interface ArtifactHead {
  readonly outcome: StepOutcome;
  readonly metadata: Json;
  readonly seconds: number;
}

/** A step, or its key alone. */
export type Address = Pick<Step, 'key'>;
