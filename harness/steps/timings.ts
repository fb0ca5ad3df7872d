/**
 * What steps took here before, for estimates and for the order of work. Never part of a key or a record.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { Step } from '../contracts.ts';
import { fingerprint } from '../fingerprint.ts';
import { homeFolder } from '../project.ts';

/** Seconds by what a step does, with which settings and on which engine. */
export type Timings = { readonly [name: string]: number };

const FILE = 'timings.json';

/**
 * The name under which a step's time is kept: its label without the training's index, its engine, and what else
 * decides how long it takes: parameters and data. Retrainings, also in stacks of one size, take as long whatever the masks show, up to the colon.
 */
export function timingName({ kind, label, engine, parameters, inputs }: Omit<Step, 'key' | 'cost'>): string {
  const { model, step } = parameters;
  const retrains = kind === 'retraining' || kind === 'stacked-retraining';
  const settings = retrains ? { model, descent: step?.descent } : parameters;
  const hash = fingerprint({ settings, data: inputs.data?.key ?? null }).slice(0, 8);
  const what = label.split(': ')[0]?.replace(/, training \d+/, '');
  return `${what} · ${engine?.name ?? 'no engine'} · ${hash}`;
}

/** The times kept in the project's cache folder; none where there is no readable file. */
export async function readTimings(home: string = homeFolder()): Promise<Timings> {
  try {
    const kept: unknown = JSON.parse(await readFile(join(home, FILE), 'utf8'));
    const entries = typeof kept === 'object' && kept !== null ? Object.entries(kept) : [];
    return Object.fromEntries(entries.filter(([, seconds]) => Number.isFinite(seconds)));
  } catch {
    // Absent or spoilt: only estimates suffer, and the next run writes it anew.
    return {};
  }
}

/** Adds the times of computed steps, and other figures: the mean over steps of one name replaces what was kept. */
export async function keepTimings(
  computed: readonly { readonly step: Step; readonly seconds: number }[],
  others: Timings = {},
  home: string = homeFolder(),
): Promise<void> {
  if (computed.length === 0) return;
  const byName = new Map<string, number[]>();
  for (const { step, seconds } of computed) {
    const name = timingName(step);
    byName.set(name, [...(byName.get(name) ?? []), seconds]);
  }
  const means = [...byName].map(([name, all]) => [name, all.reduce((sum, one) => sum + one, 0) / all.length] as const);
  const merged = { ...(await readTimings(home)), ...Object.fromEntries(means), ...others };
  const file = join(home, FILE);
  await mkdir(dirname(file), { recursive: true });
  await writeFileAtomic(file, `${JSON.stringify(merged, null, 1)}\n`);
}
