/** A command line run inside a test: what it wrote, and how it ended. */
import { main } from './main.ts';

export interface Told {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line in a folder; the environment holds nothing but what is given. */
export async function attribench(
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: { readonly [name: string]: string } } = {},
): Promise<Told> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await main(args, {
    out: (text) => out.push(text),
    err: (line) => err.push(line),
    status() {},
    width: undefined,
    colour: false,
    cwd: options.cwd ?? process.cwd(),
    env: options.env ?? {},
    signal: new AbortController().signal,
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}
