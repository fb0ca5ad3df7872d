/** The table that ends a run, at either door: the standings of its records alone. */
import type { CellRecord, PluginKind } from './contracts.ts';
import { type Catalogue, catalogueOf } from './leaderboard/catalogue.ts';
import { renderTerminal } from './leaderboard/terminal.ts';
import type { Registry } from './plugins.ts';
import type { RunPlan } from './runner.ts';

const KINDS: readonly PluginKind[] = ['method', 'model', 'training', 'dataset', 'check', 'profile'];

/** The plugins of a registry as the leaderboard knows them. */
export function catalogueFrom(registry: Registry): Catalogue {
  return catalogueOf(KINDS.flatMap((kind) => registry.all(kind)));
}

export interface ClosingOptions {
  readonly results: string;
  /** Wall-clock seconds of the run. */
  readonly seconds: number;
  readonly width?: number | undefined;
  readonly colour?: boolean;
}

/** The closing table of a plan's records. */
export function closingTable(
  registry: Registry,
  plan: RunPlan,
  records: readonly CellRecord[],
  { results, seconds, width, colour = false }: ClosingOptions,
): string {
  return renderTerminal(records, {
    profile: plan.profile.id,
    engine: plan.engine,
    why: plan.why,
    catalogue: catalogueFrom(registry),
    results,
    seconds,
    colour,
    ...(width === undefined ? {} : { width }),
  }).trimEnd();
}
