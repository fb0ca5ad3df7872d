/**
 * From records to tables: one table a (profile, check, dataset, model, training), run one way.
 *
 * Methods and controls are ordered by the primary measure. Their rank is a confidence set: 1 + how many
 * are better, to m - how many are worse, where "better" means that the paired t test over trainings,
 * Holm-adjusted over all pairs of the table, separates the two at the 5 % level (Mogstad, Romano, Shaikh
 * and Wilhelm, Inference for Ranks, Review of Economic Studies 91, 2024). With few trainings the sets are wide:
 * that is what the data can say. The oracle stands in the order without a rank.
 */
import type {
  CellRecord,
  Curves,
  EngineIdentity,
  Measure,
  Parameters,
  Role,
  RunInformation,
  Verdict,
} from '../contracts.ts';
import { canonicalJson } from '../fingerprint.ts';
import type { StoredRecord } from '../results/records.ts';
import { holm, pairedComparison } from '../statistics.ts';
import { type Catalogue, type Named, nameOf, placeIn, staleness } from './catalogue.ts';

const SIGNIFICANCE = 0.05;

/** Further measures shown where the check does not say which. */
const FURTHER_MEASURES = 4;

/**
 * How a row stands: `counted` has figures of the current revisions; `stale` has figures of older ones,
 * shown last and never ranked.
 */
export type Standing = Named & {
  readonly path: string;
  readonly role: Role | null;
  readonly record: CellRecord;
} & (
    | {
        readonly state: 'counted';
        /** Smallest and largest rank that the data allow; null where nothing could be compared. */
        readonly ranks: readonly [best: number, worst: number] | null;
        readonly verdict: Verdict;
        readonly primary: Measure;
        readonly measures: readonly Measure[];
      }
    | {
        readonly state: 'stale';
        readonly why: string;
        readonly verdict: Verdict;
        readonly primary: Measure;
        readonly measures: readonly Measure[];
      }
    | { readonly state: 'skipped'; readonly why: string }
    | { readonly state: 'failed'; readonly step: string; readonly why: string }
  );

export interface Table {
  readonly profile: string;
  readonly check: Named;
  readonly dataset: Named;
  readonly model: Named;
  readonly training: Named & {
    readonly id: string;
    /** The title without parameters. */
    readonly plain: string;
    readonly parameters: Parameters;
  };
  readonly engine: EngineIdentity;
  readonly seed: number;
  readonly trainings: number;
  /** 'method': one row a method; 'model': the check judges the trained model, in one row. */
  readonly subject: 'method' | 'model';
  /** null where no record has figures. */
  readonly criterion: string | null;
  readonly primary: Measure | null;
  /** Measures to show beside the primary one, as some row has them. */
  readonly further: readonly Measure[];
  /** Which measures to draw along a level; null where the check does not say. */
  readonly curves: Curves | null;
  /** Numbers of test images behind the rows, each once, in order. */
  readonly images: readonly number[];
  /** Machines behind the rows, each once, in order; empty where no run file says. */
  readonly hardware: readonly string[];
  readonly rows: readonly Standing[];
}

/** All tables of some records, in the profile's own order; the order of the records does not matter. */
export function standings(records: readonly StoredRecord[], catalogue: Catalogue): readonly Table[] {
  const groups = new Map<string, StoredRecord[]>();
  for (const stored of records) {
    const key = tableKey(stored);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [stored]);
    else group.push(stored);
  }
  return [...groups]
    .map(([key, group]) => ({ key, ...makeTable(group, catalogue) }))
    .sort(
      (a, b) =>
        compareText(a.table.profile, b.table.profile) ||
        a.place.check - b.place.check ||
        compareText(a.table.check.label, b.table.check.label) ||
        a.place.setting - b.place.setting ||
        compareText(a.key, b.key),
    )
    .map(({ table }) => table);
}

/** Orders text by code units: the same on every machine, whatever its locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** One value a training (the mean over its retrainings), null where it was left out. */
export function valuesByTraining(measure: Measure, trainings: number): readonly (number | null)[] {
  return Array.from({ length: trainings }, (_, t) => {
    const values = measure.replicates.flatMap(({ training, value }) =>
      training === t && value !== null ? [value] : [],
    );
    return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
  });
}

/** Everything of the identity but the method and the revisions. */
function tableKey({ profile, record: { identity } }: StoredRecord): string {
  const { check, dataset, model, training, engine, seed, trainings } = identity;
  const parts = [dataset, model, training, check].map(({ id, parameters }) => ({ id, parameters }));
  return canonicalJson([profile, parts, engine, seed, trainings]);
}

function makeTable(group: readonly StoredRecord[], catalogue: Catalogue) {
  const first = group[0];
  if (first === undefined) throw new RangeError('[attribench] standings: got a table without records');
  const { profile, record } = first;
  const { identity } = record;
  const rows = rank(
    group.map((stored) => standing(stored, catalogue)),
    identity.trainings,
  );
  const withFigures = rows.filter((row) => row.state === 'counted' || row.state === 'stale');
  const leading = withFigures[0];
  const { columns = null, curves = null } = catalogue.plugins.get(`check ${identity.check.id}`) ?? {};
  const table: Table = {
    profile,
    check: nameOf(catalogue, 'check', identity.check),
    dataset: nameOf(catalogue, 'dataset', identity.dataset),
    model: nameOf(catalogue, 'model', identity.model),
    training: {
      ...nameOf(catalogue, 'training', identity.training),
      id: identity.training.id,
      plain: catalogue.plugins.get(`training ${identity.training.id}`)?.title ?? identity.training.id,
      parameters: identity.training.parameters,
    },
    engine: identity.engine,
    seed: identity.seed,
    trainings: identity.trainings,
    subject: identity.method === null ? 'model' : 'method',
    criterion: leading?.record.status === 'completed' ? leading.record.criterion : null,
    primary: leading?.primary ?? null,
    further: furtherMeasures(withFigures, columns),
    curves,
    images: [...new Set(withFigures.map((row) => row.primary.n.images))].sort((a, b) => a - b),
    hardware: [...new Set(group.flatMap(({ run }) => (run === null ? [] : [machineText(run.machine)])))].sort(
      compareText,
    ),
    rows,
  };
  return { table, place: placeIn(catalogue, profile, identity) };
}

/** Of each id the first that has a direction, or else the first. */
function furtherMeasures(
  rows: readonly { readonly measures: readonly Measure[] }[],
  columns: readonly string[] | null,
): readonly Measure[] {
  const known = new Map<string, Measure>();
  for (const measure of rows.flatMap(({ measures }) => measures)) {
    const before = known.get(measure.id);
    if (!measure.primary && (before === undefined || before.better === 'none')) known.set(measure.id, measure);
  }
  if (columns === null) return [...known.values()].slice(0, FURTHER_MEASURES);
  return columns.flatMap((id) => known.get(id) ?? []);
}

/** A machine in one line: processor, cores, memory, platform. */
export function machineText({ cpu, cores, memoryGiB, platform }: RunInformation['machine']): string {
  return `${cpu}, ${cores} ${cores === 1 ? 'core' : 'cores'}, ${memoryGiB} GiB, ${platform}`;
}

function standing({ path, record }: StoredRecord, catalogue: Catalogue): Standing {
  const { method } = record.identity;
  const name = method === null ? { label: 'model', title: 'The model' } : nameOf(catalogue, 'method', method);
  const common = { ...name, path, role: record.role, record };
  if (record.status === 'skipped') return { ...common, state: 'skipped', why: record.reason };
  if (record.status === 'failed') return { ...common, state: 'failed', step: record.step, why: record.error };
  const { verdict, measures } = record;
  const primary = measures.find((measure) => measure.primary);
  if (primary === undefined) throw new RangeError(`[attribench] ${path}: no measure is primary, expected one`);
  const why = staleness(catalogue, record.identity);
  return why === null
    ? { ...common, state: 'counted', ranks: null, verdict, primary, measures }
    : { ...common, state: 'stale', why, verdict, primary, measures };
}

const STATE_ORDER = { counted: 0, stale: 1, skipped: 2, failed: 3 } as const;

/** Rows in order (best first; then stale, skipped, failed) with their ranks. */
function rank(rows: readonly Standing[], trainings: number): readonly Standing[] {
  const ranks = rankSets(rows, trainings);
  return rows
    .map((row) => (row.state === 'counted' ? { ...row, ranks: ranks.get(row) ?? null } : row))
    .sort(
      (a, b) =>
        STATE_ORDER[a.state] - STATE_ORDER[b.state] ||
        badness(a) - badness(b) ||
        compareText(a.label, b.label) ||
        compareText(a.path, b.path),
    );
}

/** Smaller is better; 0 where the primary measure has no direction; the largest number without an estimate. */
function badness(row: Standing): number {
  if (row.state !== 'counted') return 0;
  const { better, estimate } = row.primary;
  if (better === 'none') return 0;
  if (estimate === null) return Number.MAX_VALUE;
  return better === 'lower' ? estimate : -estimate;
}

function rankSets(rows: readonly Standing[], trainings: number): ReadonlyMap<Standing, readonly [number, number]> {
  const competitors = rows.flatMap((row) => {
    if (row.state !== 'counted' || row.role === 'oracle' || row.primary.better === 'none') return [];
    return [{ row, values: valuesByTraining(row.primary, trainings), sign: row.primary.better === 'lower' ? 1 : -1 }];
  });
  const pairs = competitors.flatMap((first, i) =>
    competitors.slice(i + 1).map((second) => ({
      first,
      second,
      comparison: pairedComparison(first.values, second.values),
    })),
  );
  const adjusted = holm(pairs.map(({ comparison }) => comparison.p));
  const better = new Map(competitors.map(({ row }) => [row, 0]));
  const worse = new Map(better);
  const compared = new Set<Standing>();
  const count = (counts: Map<Standing, number>, row: Standing) => counts.set(row, (counts.get(row) ?? 0) + 1);
  pairs.forEach(({ first, second, comparison: { difference } }, i) => {
    const p = adjusted[i] ?? null;
    if (p === null || difference === null) return;
    compared.add(first.row).add(second.row);
    if (p >= SIGNIFICANCE) return;
    const [winner, loser] = first.sign * difference < 0 ? [first.row, second.row] : [second.row, first.row];
    count(worse, winner);
    count(better, loser);
  });
  return new Map(
    competitors.flatMap(({ row }) =>
      compared.has(row)
        ? [[row, [1 + (better.get(row) ?? 0), competitors.length - (worse.get(row) ?? 0)] as const]]
        : [],
    ),
  );
}
