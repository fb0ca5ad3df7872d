/**
 * A check at a glance: methods down, settings across, the primary measure in each cell.
 *
 * Settings are never pooled: a row's place is the mean of its places in the columns, which orders the
 * rows and says nothing more.
 */
import type { EngineIdentity, Measure, Role } from '../contracts.ts';
import { canonicalJson } from '../fingerprint.ts';
import type { Named } from './catalogue.ts';
import { compareText, type Standing, type Table } from './standings.ts';

export interface Overview {
  readonly profile: string;
  readonly check: Named;
  readonly subject: 'method' | 'model';
  readonly criterion: string | null;
  readonly primary: Measure | null;
  readonly engines: readonly EngineIdentity[];
  readonly hardware: readonly string[];
  readonly trainings: readonly number[];
  readonly images: readonly number[];
  /** What all columns share, in words; '' where nothing. */
  readonly shared: Named;
  readonly columns: readonly { readonly name: Named; readonly table: Table }[];
  readonly rows: readonly OverviewRow[];
}

export interface OverviewRow extends Named {
  readonly role: Role | null;
  /** One a column; undefined where the method has no record there. */
  readonly cells: readonly (Standing | undefined)[];
}

/** One overview a (profile, check), in the order of the tables. */
export function overviews(tables: readonly Table[]): readonly Overview[] {
  const groups = new Map<string, Table[]>();
  for (const table of tables) {
    const key = JSON.stringify([table.profile, table.check.label, table.subject]);
    groups.set(key, [...(groups.get(key) ?? []), table]);
  }
  return [...groups.values()].map(makeOverview);
}

function makeOverview(tables: readonly Table[]): Overview {
  const first = tables[0];
  if (first === undefined) throw new RangeError('[attribench] overviews: got a check without tables');
  const { shared, names } = columnNames(tables);
  return {
    profile: first.profile,
    check: first.check,
    subject: first.subject,
    criterion: tables.find((table) => table.criterion !== null)?.criterion ?? null,
    primary: tables.find((table) => table.primary !== null)?.primary ?? null,
    engines: distinct(tables.map((table) => table.engine)),
    hardware: distinct(tables.flatMap((table) => table.hardware)),
    trainings: distinct(tables.map((table) => table.trainings)),
    images: distinct(tables.flatMap((table) => table.images)),
    shared,
    columns: tables.map((table, i) => ({ name: names[i] ?? { label: '', title: '' }, table })),
    rows: overviewRows(tables),
  };
}

function overviewRows(tables: readonly Table[]): readonly OverviewRow[] {
  const rows = new Map<string, OverviewRow>();
  for (const { label, title, role } of tables.flatMap((table) => table.rows)) {
    if (rows.has(label)) continue;
    const cells = tables.map((table) => table.rows.find((row) => row.label === label));
    rows.set(label, { label, title, role, cells });
  }
  const places = new Map([...rows.values()].map((row) => [row, meanPlace(row.label, tables)]));
  return [...rows.values()].sort(
    (a, b) => (places.get(a) ?? 0) - (places.get(b) ?? 0) || compareText(a.label, b.label),
  );
}

/** Mean over the tables of a row's place, from 0 (best) to 1; 2 where it has figures nowhere. */
function meanPlace(label: string, tables: readonly Table[]): number {
  const places = tables.flatMap((table) => {
    const counted = table.rows.filter((row) => row.state === 'counted');
    const at = counted.findIndex((row) => row.label === label);
    return at < 0 ? [] : [counted.length < 2 ? 0 : at / (counted.length - 1)];
  });
  return places.length === 0 ? 2 : places.reduce((sum, place) => sum + place, 0) / places.length;
}

/** Splits the columns' names into what all share and what tells them apart. */
function columnNames(tables: readonly Table[]): { shared: Named; names: readonly Named[] } {
  const parts = tables.map(({ dataset, model, training, engine, seed, trainings }) => [
    dataset,
    model,
    trainingName(training, tables),
    plain(`${engine.name} ${engine.version}`),
    plain(`seed ${seed}`),
    plain(`${trainings} trainings`),
  ]);
  const [first = []] = parts;
  // Engine, seed and count stand in the caption where they are the same for all.
  const varies = first.map((part, i) => parts.some((other) => other[i]?.label !== part.label));
  const isName = (i: number) => i < 3;
  const shared = parts.length === 1 ? [] : first.filter((_, i) => isName(i) && !varies[i]);
  const names = parts.map((own) => join(own.filter((_, i) => varies[i] || (parts.length === 1 && isName(i)))));
  return { shared: join(shared), names };
}

/** Trainings of one plugin by the parameters in which they differ, also where one has the default; else as named. */
function trainingName(own: Table['training'], tables: readonly Table[]): Named {
  const kin = tables.flatMap(({ training }) => (training.id === own.id ? [training] : []));
  const names = [...new Set(kin.flatMap(({ parameters }) => Object.keys(parameters)))].sort(compareText);
  const differing = names.filter((name) => distinct(kin.map(({ parameters }) => parameters[name] ?? null)).length > 1);
  if (differing.length === 0) return own;
  const values = differing.map((name) => {
    const value = own.parameters[name] ?? null;
    return [name, typeof value === 'string' ? value : canonicalJson(value)] as const;
  });
  return {
    label: [own.id, ...values.map(([name, value]) => `${name}=${value}`)].join('+'),
    title: [own.plain, ...values.map(([name, value]) => `${name} ${value}`)].join(', '),
  };
}

function plain(text: string): Named {
  return { label: text, title: text };
}

function join(parts: readonly Named[]): Named {
  return {
    label: parts.map(({ label }) => label).join(' · '),
    title: parts.map(({ title }) => title).join(' · '),
  };
}

function distinct<T>(values: readonly T[]): readonly T[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
}
