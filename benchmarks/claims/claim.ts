/**
 * A claim of the paper as data: measures of records, and where each must lie.
 *
 * A part is decided as a check's verdict is, by its whole interval. The claim is reproduced where all its
 * parts hold, not reproduced where one fails, undecided where one is or was not run, and not run where none was.
 */
import { type Bound, type CellRecord, type ClaimResult, type Measure, type Verdict, verdictAgainst } from 'attribench';

export interface Claim {
  readonly id: string;
  readonly sentence: string;
  readonly source: string;
  readonly criterion: string;
  readonly parts: readonly ClaimPart[];
}

/** One measure of one cell, for every model that has it. */
export interface ClaimPart {
  readonly check: string;
  readonly dataset: string;
  readonly training: string;
  /** null for checks of the model alone. */
  readonly method: string | null;
  /** Id of the measure; of several, the first that is judged (has a better side). */
  readonly measure: string | readonly string[];
  readonly bound: Bound;
  /** True: a part that the profile may leave out. */
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
  const place = `${part.method === null ? '' : `${part.method}, `}${part.training} on ${part.dataset}`;
  const found = records.filter(({ identity }) => concerns(part, identity));
  if (found.length === 0) return part.optional === true ? [] : [{ outcome: 'absent', text: `${place}: not run` }];
  return found.map((record): PartResult => {
    const where = `${place}, ${record.identity.model.id}`;
    if (record.status !== 'completed') return { outcome: 'absent', text: `${where}: ${record.status}` };
    const measure = measureFor(part, record.measures);
    if (measure === undefined) return { outcome: 'undecided', text: `${where}: no level is judged` };
    return { outcome: verdictAgainst(measure, part.bound), text: `${where}: ${shown(measure)}` };
  });
}

function concerns(part: ClaimPart, { check, dataset, training, method }: CellRecord['identity']): boolean {
  // The claims are about digits 0 and 1, the data set's default.
  const digits = JSON.stringify(dataset.parameters.digits ?? [0, 1]);
  return (
    check.id === part.check &&
    dataset.id === part.dataset &&
    digits === '[0,1]' &&
    training.id === part.training &&
    (method?.id ?? null) === part.method
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
