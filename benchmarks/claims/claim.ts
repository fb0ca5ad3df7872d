/**
 * A claim of the paper as data: measures of records, and where each must lie.
 *
 * A part is decided as a check's verdict is, by its whole interval. The claim is reproduced where all its
 * parts hold, not reproduced where one fails, undecided where one is or was not run, and not run where none was.
 */

import { isDeepStrictEqual } from 'node:util';
import {
  type Bound,
  type Cell,
  type CellRecord,
  type ClaimResult,
  type Measure,
  mean,
  type Parameters,
  tInterval,
  type Verdict,
  verdictAgainst,
} from 'attribench';

export interface Claim {
  readonly id: string;
  readonly sentence: string;
  readonly source: string;
  readonly criterion: string;
  readonly parts: readonly ClaimPart[];
}

/** Cells by their plugins. */
export interface Place {
  readonly check: string;
  readonly dataset: string;
  /** Absent: whatever the model. */
  readonly models?: readonly string[];
  readonly training: string;
  /** null for checks of the model alone. */
  readonly method: string | null;
  /** Parameters that a cell's plugins must have; what is not named may be anything. */
  readonly where?: { readonly [part in keyof Cell]?: Parameters };
}

/** One measure of one cell, for every model that has it. */
export interface ClaimPart extends Place {
  /** The measure is then this cell's less that of another one, of the same data set and model, by training. */
  readonly minus?: Partial<Place>;
  /** Id of the measure; of several, the first that is judged (has a better side). */
  readonly measure: string | readonly string[];
  readonly bound: Bound;
  /** True: a cell or a measure that the profile may leave out. */
  readonly optional?: boolean;
}

interface PartResult {
  readonly outcome: Verdict | 'absent';
  readonly text: string;
}

export function evaluateClaim(claim: Claim, records: readonly CellRecord[]): ClaimResult {
  const results = claim.parts.flatMap((part) => evaluatePart(part, records));
  const { id, sentence, source, criterion } = claim;
  return { id, sentence, source, criterion, status: statusOf(results), detail: results.map((r) => r.text).join('; ') };
}

function statusOf(results: readonly PartResult[]): ClaimResult['status'] {
  const outcomes = results.map(({ outcome }) => outcome);
  if (outcomes.every((outcome) => outcome === 'absent')) return 'not run';
  if (outcomes.includes('fail')) return 'not reproduced';
  return outcomes.every((outcome) => outcome === 'pass') ? 'reproduced' : 'undecided';
}

function evaluatePart(part: ClaimPart, records: readonly CellRecord[]): PartResult[] {
  const place = nameOf(part);
  const found = records.filter(({ identity }) => concerns(part, identity));
  if (found.length === 0) return part.optional === true ? [] : [{ outcome: 'absent', text: `${place}: not run` }];
  return found.flatMap((record): PartResult[] => {
    const where = `${place}, ${record.identity.model.id}`;
    if (record.status !== 'completed') return [{ outcome: 'absent', text: `${where}: ${record.status}` }];
    const measure = measureFor(part, record.measures);
    if (measure === undefined) {
      return part.optional === true ? [] : [{ outcome: 'undecided', text: `${where}: no level is judged` }];
    }
    if (part.minus !== undefined) return [evaluateDifference(part, record, measure, records)];
    return [{ outcome: verdictAgainst(measure, part.bound), text: `${where}: ${shown(measure)}` }];
  });
}

/** A measure less the same measure of another cell, paired by training. */
function evaluateDifference(
  part: ClaimPart,
  { identity }: CellRecord,
  measure: Measure,
  records: readonly CellRecord[],
): PartResult {
  const { minus = {}, ...first } = part;
  const second: Place = { ...first, ...minus };
  const place = `${nameOf(first)}, less ${nameOf(second)}, ${identity.model.id}`;
  const other = records.find(
    (record) =>
      concerns(second, record.identity) &&
      isDeepStrictEqual(
        [record.identity.model, record.identity.dataset, record.identity.check],
        [identity.model, identity.dataset, identity.check],
      ),
  );
  if (other?.status !== 'completed') return { outcome: 'absent', text: `${place}: ${other?.status ?? 'not run'}` };
  const subtracted = other.measures.find(({ id }) => id === measure.id);
  if (subtracted === undefined) return { outcome: 'absent', text: `${place}: no ${measure.id}` };
  const replicates = measure.replicates.map(({ training, retraining, value }) => {
    const paired = subtracted.replicates.find((replicate) => replicate.training === training)?.value ?? null;
    return { training, retraining, value: value === null || paired === null ? null : value - paired };
  });
  const valid = replicates.flatMap(({ value }) => value ?? []);
  const less: Measure = {
    ...measure,
    replicates,
    estimate: valid.length === 0 ? null : mean(valid),
    interval: tInterval(valid),
    n: { ...measure.n, models: valid.length },
  };
  return { outcome: verdictAgainst(less, part.bound), text: `${place}: ${shown(less)}` };
}

function nameOf({ method, training, dataset, where }: Place): string {
  const parameters = Object.entries(where?.training ?? {}).map(([name, value]) => ` ${name} ${value}`);
  return `${method === null ? '' : `${method}, `}${training}${parameters.join('')} on ${dataset}`;
}

function concerns(part: Place, identity: CellRecord['identity']): boolean {
  const { check, dataset, model, training, method } = identity;
  // The claims are about digits 0 and 1, the data set's default.
  const digits = JSON.stringify(dataset.parameters.digits ?? [0, 1]);
  return (
    check.id === part.check &&
    dataset.id === part.dataset &&
    digits === '[0,1]' &&
    (part.models?.includes(model.id) ?? true) &&
    training.id === part.training &&
    (method?.id ?? null) === part.method &&
    Object.entries(part.where ?? {}).every(([name, wanted]) => {
      const parameters = identity[name as keyof Cell]?.parameters ?? {};
      return Object.entries(wanted).every(([parameter, value]) => isDeepStrictEqual(parameters[parameter], value));
    })
  );
}

function measureFor(part: ClaimPart, measures: readonly Measure[]): Measure | undefined {
  const find = (id: string) => measures.find((measure) => measure.id === id);
  if (typeof part.measure === 'string') return find(part.measure);
  return part.measure.map(find).find((measure) => measure !== undefined && measure.better !== 'none');
}

function shown({ id, estimate, interval, n }: Measure): string {
  const digits = (value: number) => value.toFixed(Math.abs(value) < 10 ? 3 : 1);
  const range = interval === null ? 'no interval' : `[${interval.map(digits).join(', ')}]`;
  return `${id} ${estimate === null ? 'not measured' : `${digits(estimate)} ${range}`}, n = ${n.models}`;
}
