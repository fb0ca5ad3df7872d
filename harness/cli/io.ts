/** What a command may touch of the outside: two streams, the working folder, and the interrupt. */
export interface Io {
  /** Results: tables and JSON, without a trailing newline. */
  out(text: string): void;
  /** Progress, remarks and errors, one line a call. */
  err(line: string): void;
  /** Rewrites the current line on a terminal; does nothing elsewhere. */
  status(line: string): void;
  /** Columns of the terminal that results go to; undefined where there is none. */
  readonly width: number | undefined;
  /** Whether results may be coloured. */
  readonly colour: boolean;
  readonly cwd: string;
  readonly env: { readonly [name: string]: string | undefined };
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** Sets the exit code of the process; 0 unless called. */
  exit(code: number): void;
}
