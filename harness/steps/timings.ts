/**
 * What steps took here before, for estimates and for the order of work. Never part of a key or a record.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { Step } from '../contracts.ts';
import { homeFolder } from '../project.ts';

/** Seconds by what a step does and on which engine. */
export type Timings = { readonly [name: string]: number };

const FILE = 'timings.json';

/** The name under which a step's time is kept: its label without the training's index, and its engine. */
export function timingName({ label, engine }: Pick<Step, 'label' | 'engine'>): string {
  return `${label.replace(/, training \d+/, '')} · ${engine?.name ?? 'no engine'}`;
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

/** Adds the times of computed steps: the mean over steps of one name replaces what was kept. */
export async function keepTimings(
  computed: readonly { readonly step: Step; readonly seconds: number }[],
  home: string = homeFolder(),
): Promise<void> {
  if (computed.length === 0) return;
  const byName = new Map<string, number[]>();
  for (const { step, seconds } of computed) {
    const name = timingName(step);
    byName.set(name, [...(byName.get(name) ?? []), seconds]);
  }
  const means = [...byName].map(([name, all]) => [name, all.reduce((sum, one) => sum + one, 0) / all.length] as const);
  const merged = { ...(await readTimings(home)), ...Object.fromEntries(means) };
  const file = join(home, FILE);
  await mkdir(dirname(file), { recursive: true });
  await writeFileAtomic(file, `${JSON.stringify(merged, null, 1)}\n`);
}
