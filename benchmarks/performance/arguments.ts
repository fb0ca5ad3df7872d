/** What the command of the performance report was asked for. */
import { parseArgs } from 'node:util';
import { UsageError } from 'attribench';
import type { Clock } from './contest/contestant.ts';
import type { Part } from './part.ts';

/** Rounds of a part that says no other number. */
const ROUNDS = 5;

interface Asked {
  readonly parts: readonly Part<unknown>[];
  roundsOf(part: Part<unknown>): number;
  readonly clock: Clock;
  /** Ids that parts are narrowed to; absent: all. */
  readonly methods?: readonly string[];
  readonly networks?: readonly string[];
  /** Keeps parts that are already whole in the folder. */
  readonly resume: boolean;
  /** Where the report is written; absent: a narrowed report, which is written nowhere. */
  readonly folder?: string;
}

/** Reads the command's arguments. Errors: UsageError for an option, a part, a method or a network that there is none of. */
export function readArguments(args: readonly string[], known: readonly Part<unknown>[], folder: string): Asked {
  const { values, positionals } = parsed(args);
  const ids = known.map(({ id }) => id);
  const unknown = positionals.find((id) => !ids.includes(id));
  if (unknown !== undefined) throw unknownId('part', unknown, ids);
  const parts = positionals.length === 0 ? known : positionals.flatMap((id) => known.filter((part) => part.id === id));
  const { clock, method: methods, network: networks, resume } = values;
  if (clock !== 'wall' && clock !== 'processor') {
    throw new UsageError(`[attribench] --clock is "${clock}", expected "wall" or "processor"`);
  }
  checkIds('method', methods, parts);
  checkIds('network', networks, parts);
  const rounds = values.rounds === undefined ? undefined : roundsAsked(values.rounds);
  const narrowed = methods !== undefined || networks !== undefined;
  const chosen = values.out ?? (narrowed ? undefined : folder);
  return {
    parts,
    roundsOf: (part) => rounds ?? part.rounds ?? ROUNDS,
    clock,
    resume,
    ...(methods === undefined ? {} : { methods }),
    ...(networks === undefined ? {} : { networks }),
    ...(chosen === undefined ? {} : { folder: chosen }),
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        rounds: { type: 'string' },
        clock: { type: 'string', default: 'wall' },
        method: { type: 'string', multiple: true },
        network: { type: 'string', multiple: true },
        resume: { type: 'boolean', default: false },
        out: { type: 'string' },
      },
    });
  } catch (thrown) {
    // Node.js says in one sentence which option it does not know, or which lacks its value.
    if (thrown instanceof TypeError) throw new UsageError(`[attribench] ${thrown.message}`);
    throw thrown;
  }
}

/** A name that no part knows would measure nothing, and the report would look whole. */
function checkIds(kind: 'method' | 'network', asked: readonly string[] | undefined, parts: readonly Part<unknown>[]) {
  const known = [...new Set(parts.flatMap(({ narrowedBy }) => narrowedBy?.[kind] ?? []))];
  const unknown = asked?.find((id) => !known.includes(id));
  if (unknown !== undefined) throw unknownId(kind, unknown, known);
}

const unknownId = (kind: string, id: string, known: readonly string[]) =>
  new UsageError(`[attribench] ${kind} "${id}" is unknown, expected: ${known.join(', ') || 'none'}`);

function roundsAsked(text: string): number {
  const rounds = Number(text);
  if (Number.isInteger(rounds) && rounds >= 1) return rounds;
  throw new UsageError(`[attribench] --rounds is "${text}", expected an integer from 1`);
}
