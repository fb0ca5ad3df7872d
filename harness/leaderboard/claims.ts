/** What became of a claim: a sentence of the paper, judged as a criterion over records. */
export interface ClaimResult {
  readonly id: string;
  /** The claim in one sentence. */
  readonly sentence: string;
  /** Where it is made: paper, section. */
  readonly source: string;
  /** What would have to hold of the records, stated before measuring. */
  readonly criterion: string;
  readonly status: 'reproduced' | 'not reproduced' | 'undecided' | 'not run';
  /** What was measured, or why nothing was. */
  readonly detail: string;
}
