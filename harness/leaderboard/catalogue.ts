/**
 * What the leaderboard must know beside the records: titles, current revisions, defaults, and the
 * order in which a profile names its settings. Plain data, so that the pages stay pure functions.
 */
import type { Cell, Curves, Parameters, PluginKind, RecordIdentity, ResolvedPlugin, StepKind } from '../contracts.ts';
import type { Plugin } from '../define.ts';
import { type Defaults, variant } from '../results/records.ts';
import { STEP_REVISIONS } from '../steps/step.ts';

interface Entry {
  readonly title: string;
  readonly revision: number;
  readonly parameters: Parameters;
  /** Of a check: ids of the measures to show beside the primary one; null where it does not say. */
  readonly columns: readonly string[] | null;
  /** Of a check: which measures to draw as curves; null where it has none. */
  readonly curves: Curves | null;
}

export interface Catalogue {
  /** Known plugins by `<kind> <id>`. */
  readonly plugins: ReadonlyMap<string, Entry>;
  /** By profile: its checks and its `dataset model training` settings, by id, in its own order. */
  readonly orders: ReadonlyMap<string, { readonly checks: readonly string[]; readonly settings: readonly string[] }>;
}

/** A plugin of a record, named for people. */
export interface Named {
  /** The id, and the parameters that differ from the defaults: `pgd-l2+epochs=10`. */
  readonly label: string;
  /** The title, and the same parameters. */
  readonly title: string;
}

/** The catalogue of what a registry found (`registry.all(kind)` of every kind). */
export function catalogueOf(found: readonly { readonly id: string; readonly plugin: Plugin }[]): Catalogue {
  const plugins = new Map<string, Entry>();
  const orders = new Map<string, { checks: readonly string[]; settings: readonly string[] }>();
  for (const { id, plugin } of found) {
    if (plugin.kind === 'profile') {
      const { suites } = plugin;
      orders.set(id, {
        checks: suites.flatMap(({ checks }) => checks.map((check) => check.id)),
        settings: suites.flatMap(({ dataset, models, trainings }) =>
          models.flatMap((model) => trainings.map((training) => settingName(dataset, model, training))),
        ),
      });
    }
    const parameters = plugin.kind === 'profile' ? {} : plugin.parameters;
    const { columns = null, curves = null } = plugin.kind === 'check' ? plugin : {};
    const { title, revision } = plugin;
    plugins.set(`${plugin.kind} ${id}`, { title, revision, parameters, columns, curves });
  }
  return { plugins, orders };
}

/** The default parameters that a catalogue knows, as `recordPath` asks for them. */
export function defaultsIn(catalogue: Catalogue): Defaults {
  return (part, id) => catalogue.plugins.get(`${part} ${id}`)?.parameters;
}

/** A plugin's label and title; an unknown plugin is named by its id. */
export function nameOf(catalogue: Catalogue, kind: keyof Cell, plugin: ResolvedPlugin): Named {
  const entry = catalogue.plugins.get(`${kind} ${plugin.id}`);
  const suffix = entry === undefined ? '' : variant(plugin.parameters, entry.parameters);
  return {
    label: plugin.id + suffix,
    title: (entry?.title ?? plugin.id) + suffix.replaceAll('+', ', ').replaceAll('=', ' '),
  };
}

/** Why a record no longer speaks for the current plugins and steps; null where it does. */
export function staleness(catalogue: Catalogue, identity: Cell & Pick<RecordIdentity, 'revisions'>): string | null {
  const parts = ['check', 'dataset', 'model', 'training', 'method'] as const satisfies readonly PluginKind[];
  const own = parts.flatMap((part) => {
    const plugin = identity[part];
    return plugin === null ? [] : [{ kind: part, id: plugin.id, recorded: plugin.revision }];
  });
  const others = Object.entries(identity.revisions).map(([name, recorded]) => {
    const [kind = '', ...id] = name.split(' ');
    return { kind, id: id.join(' '), recorded };
  });
  const reasons = [...own, ...others].flatMap(({ kind, id, recorded }) => {
    const known = revisionIn(catalogue, kind, id);
    if (known === undefined) return [`${kind} "${id}" is not known here`];
    return known === recorded ? [] : [`${kind} "${id}" is at revision ${known}, the record at ${recorded}`];
  });
  return reasons.length === 0 ? null : reasons.join('; ');
}

function revisionIn(catalogue: Catalogue, kind: string, id: string): number | undefined {
  if (kind !== 'step') return catalogue.plugins.get(`${kind} ${id}`)?.revision;
  return id in STEP_REVISIONS ? STEP_REVISIONS[id as StepKind] : undefined;
}

/** Places of a check and of a setting in a profile; unknown ones come last. */
export function placeIn(catalogue: Catalogue, profile: string, cell: Cell): { check: number; setting: number } {
  const order = catalogue.orders.get(profile);
  const place = (at: number | undefined) => (at === undefined || at < 0 ? Number.MAX_SAFE_INTEGER : at);
  return {
    check: place(order?.checks.indexOf(cell.check.id)),
    setting: place(order?.settings.indexOf(settingName(cell.dataset, cell.model, cell.training))),
  };
}

type HasId = { readonly id: string };

function settingName(dataset: HasId, model: HasId, training: HasId): string {
  return `${dataset.id} ${model.id} ${training.id}`;
}
