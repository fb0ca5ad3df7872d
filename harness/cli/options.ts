/** Options that several commands share. */
import { type Command, InvalidArgumentError } from 'commander';
import { UsageError } from '../errors.ts';
import type { RunRequest } from '../runner.ts';
import { selectionFromEnvironment, splitIds } from '../selection.ts';
import type { Io } from './io.ts';

/** What the selection's options parse to. */
export interface SelectionOptions {
  readonly profile?: string;
  readonly engine?: string;
  readonly method?: readonly string[];
  readonly model?: readonly string[];
  readonly training?: readonly string[];
  readonly dataset?: readonly string[];
  readonly check?: readonly string[];
}

const collectIds = (text: string, before: readonly string[] = []): readonly string[] => {
  const ids = splitIds(text);
  if (ids.length === 0) throw new InvalidArgumentError('expected an id, or several with commas between.');
  return [...before, ...ids];
};

/** Adds --profile, --engine, --method, --model, --training, --dataset and --check. */
export function withSelection(command: Command): Command {
  return command
    .option('-p, --profile <id>', 'the settings to run: quick, standard, ... (default: quick)')
    .option(
      '-e, --engine <name>',
      'tensorflow, wasm, cpu, or by name only: tensorflow-gpu, webgpu (default: the fastest present)',
    )
    .option('-m, --method <ids>', 'only these methods; repeat it or put commas between', collectIds)
    .option('--model <ids>', 'only these models', collectIds)
    .option('--training <ids>', 'only these trainings', collectIds)
    .option('--dataset <ids>', 'only these data sets', collectIds)
    .option('--check <ids>', 'only these checks', collectIds);
}

/** The request that options say, over what the environment says. */
export function selectionOf(options: SelectionOptions, io: Io): RunRequest {
  const { profile, engine, method, model, training, dataset, check } = options;
  return {
    profile: 'quick',
    ...selectionFromEnvironment(io.env),
    ...(profile === undefined ? {} : { profile }),
    ...(engine === undefined ? {} : { engine }),
    ...(method === undefined ? {} : { methods: method }),
    ...(model === undefined ? {} : { models: model }),
    ...(training === undefined ? {} : { trainings: training }),
    ...(dataset === undefined ? {} : { datasets: dataset }),
    ...(check === undefined ? {} : { checks: check }),
  };
}

/** An option's value as an integer from 1. */
export function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('expected an integer from 1.');
  return value;
}

/** Refuses a word among several, with the nearest one suggested. Errors: UsageError. */
export async function expectWord(what: string, word: string, known: readonly string[]): Promise<void> {
  if (known.includes(word)) return;
  const { nearestName } = await import('../plugins.ts');
  const nearest = nearestName(word, known);
  const hint = nearest === undefined ? `expected one of: ${known.join(', ')}` : `did you mean "${nearest}"?`;
  throw new UsageError(`[attribench] ${what} "${word}" is unknown; ${hint}`);
}

/** For a command that acts alone and also has subcommands: refuses a word that is none of them. */
export async function refuseOperands(command: Command): Promise<void> {
  const [word] = command.args;
  const known = command.commands.map((subcommand) => subcommand.name());
  if (word !== undefined) await expectWord(`${command.name()} command`, word, known);
}
