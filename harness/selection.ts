/**
 * Which cells to run, said in the same words at both doors: options of the command line, environment
 * variables (which reach Vitest's processes), and the options of a bench file.
 */
import type { RunRequest } from './runner.ts';

/** The part of a run's request that a user names; absent means everything that the profile holds. */
export type Selection = Omit<Partial<RunRequest>, 'only'>;

const LISTS = {
  methods: 'ATTRIBENCH_METHODS',
  models: 'ATTRIBENCH_MODELS',
  trainings: 'ATTRIBENCH_TRAININGS',
  datasets: 'ATTRIBENCH_DATASETS',
  checks: 'ATTRIBENCH_CHECKS',
} as const;

const WORDS = { profile: 'ATTRIBENCH_PROFILE', engine: 'ATTRIBENCH_ENGINE' } as const;

type Environment = { readonly [name: string]: string | undefined };

/** The ids of a comma-separated list, without blanks. */
export function splitIds(text: string): string[] {
  return text
    .split(',')
    .map((id) => id.trim())
    .filter((id) => id !== '');
}

/** What the environment selects; empty variables count as absent. */
export function selectionFromEnvironment(env: Environment): Selection {
  const words = Object.entries(WORDS).flatMap(([name, variable]) => (env[variable] ? [[name, env[variable]]] : []));
  const lists = Object.entries(LISTS).flatMap(([name, variable]) => {
    const ids = splitIds(env[variable] ?? '');
    return ids.length > 0 ? [[name, ids]] : [];
  });
  return Object.fromEntries([...words, ...lists]);
}

/** The environment variables that say a selection. */
export function selectionToEnvironment(selection: Selection): { [name: string]: string } {
  const env: { [name: string]: string } = {};
  for (const name of ['profile', 'engine'] as const) {
    const word = selection[name];
    if (word !== undefined) env[WORDS[name]] = word;
  }
  for (const name of ['methods', 'models', 'trainings', 'datasets', 'checks'] as const) {
    const ids = selection[name];
    if (ids !== undefined) env[LISTS[name]] = ids.join(',');
  }
  return env;
}
