/**
 * A study: a computation that proves or measures, and leaves a record and figures but no cells.
 *
 * Studies are the theory's plugins: files `theory/studies/<id>.ts` with a default export, found by the
 * command that runs them. They read no clock; times are the runner's.
 */
import type { Json } from './contracts.ts';

/**
 * How a finding stands. proved, refuted: in rigorous arithmetic; evidence: in floating point alone;
 * pass, fail, undecided: a measure against its criterion; shown: reported without a criterion; open: neither.
 */
export type FindingStatus = 'proved' | 'refuted' | 'open' | 'evidence' | 'pass' | 'fail' | 'undecided' | 'shown';

/** One line of a study's table. */
export interface Finding {
  /** What is claimed or measured, with its criterion. */
  readonly statement: string;
  /** What came out. */
  readonly outcome: string;
  readonly status: FindingStatus;
}

export interface StudyRequest {
  /** True: a reduced form, seconds in place of minutes. */
  readonly quick: boolean;
  /** The engine for trainings, chosen but not loaded: they run in processes of their own. It belongs in the record. */
  engine(): Promise<{ readonly name: string; readonly version: string }>;
  /** Processes for trainings; undefined means one a core. */
  readonly workers: number | undefined;
  readonly signal: AbortSignal;
  progress(share: number, note?: string): void;
}

export interface StudyResult {
  readonly findings: readonly Finding[];
  /** All numbers; deterministic on one kind of machine. */
  readonly record: Json;
  /** SVG files by name, without extension. */
  readonly figures: { readonly [name: string]: string };
}

export interface Study {
  /** kebab-case; equals the file's name. */
  readonly id: string;
  readonly title: string;
  /** The place in the paper. */
  readonly cite: string;
  /** Raised whenever the record changes. */
  readonly revision: number;
  /** Studies run in this order, then by id. */
  readonly order: number;
  run(request: StudyRequest): Promise<StudyResult>;
}
