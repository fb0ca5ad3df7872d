/**
 * Optimality and uniqueness of Theorem 1's network, certified, and how far in eta they reach.
 */
import * as Plot from '@observablehq/plot';
import { stream } from 'attribench';
import { makeSetting } from '../../datasets/simplified-blockmnist/distribution.ts';
import type { Finding, Study } from '../../harness/study.ts';
import { decideOptimality, ownPieceIsTight } from '../certificate/bounds.ts';
import { encloseBestResponse } from '../certificate/branch-and-bound.ts';
import { dualMeasure, searchBestResponse } from '../certificate/dual.ts';
import { encloseClosedForm } from '../certificate/enclosures.ts';
import { holdsIdentically, IDENTITIES } from '../certificate/identities.ts';
import { provedOn, type Reach, reachOf, uniformRangeHolds } from '../certificate/range.ts';
import { COLOURS, GRID, picture } from '../plot.ts';
import { Rational } from '../rigorous/rational.ts';

/** eta d at which single certificates are kept. */
const SINGLE = ['0', '1/20', '1/10', '1/2', '1'] as const;

const study: Study = {
  id: 'optimality',
  title: 'Optimality of the closed form',
  cite: 'Shah, Jain, Netrapalli, NeurIPS 2021, Theorem 1 and appendix E; certificate and uniqueness are derived here',
  revision: 1,
  order: 2,
  run: async ({ quick, signal, progress }) => {
    const blocks = quick ? [2, 4, 6, 10, 20] : Array.from({ length: 32 }, (_, i) => 2 * i + 2);
    const identities = IDENTITIES.map((identity) => ({ ...identity, holds: holdsIdentically(identity) }));
    const uniform = uniformRangeHolds();
    const reaches: (Reach & { readonly paperRange: boolean })[] = [];
    const single = [];
    for (const [i, d] of blocks.entries()) {
      signal.throwIfAborted();
      progress((0.6 * i) / blocks.length, `range of eta at d = ${d}`);
      // One interval for the whole of the paper's range, or several: whatever proves it.
      const paperRange = provedThrough(d, Rational.of(1, 10 * d));
      reaches.push({ ...reachOf(d), paperRange });
      for (const share of SINGLE) {
        const eta = Rational.parse(share).dividedBy(Rational.of(d));
        const decided = decideOptimality(d, eta);
        const slack = decided.status === 'proved' ? decided.slack : null;
        single.push({ d, eta: eta.toString(), status: decided.status, slack, tight: ownPieceIsTight(d, eta) });
      }
    }
    const searched = quick ? [2, 4, 10] : [2, 4, 6, 10, 20, 40];
    const evidence = searched.flatMap((d, i) =>
      ['0', '1/20', '99/1000'].map((share) => {
        signal.throwIfAborted();
        progress(0.6 + (0.3 * i) / searched.length, `ascent over the sphere at d = ${d}`);
        const eta = Rational.parse(share).dividedBy(Rational.of(d));
        const setting = makeSetting({ blocks: d, noise: eta.toNumber() });
        const starts = quick ? 100 : 4000;
        const found = searchBestResponse(dualMeasure(setting), starts, stream('theory', 'ascent', d, share));
        const { margin } = encloseClosedForm(d, eta);
        return { d, eta: eta.toString(), starts, found, margin: [margin.low, margin.high], ratio: found / margin.low };
      }),
    );
    const boxes = (quick ? [2, 4] : [2, 4, 6, 8]).flatMap((d) =>
      ['0', '1/10', '1/2'].map((share) => {
        progress(0.9, `branch and bound at d = ${d}`);
        const eta = Rational.parse(share).dividedBy(Rational.of(d));
        const { status, low, high, boxes } = encloseBestResponse(
          dualMeasure(makeSetting({ blocks: d, noise: eta.toNumber() })),
        );
        const { margin } = encloseClosedForm(d, eta);
        return { d, eta: eta.toString(), status, low, high, boxes, margin: [margin.low, margin.high] };
      }),
    );
    const certified = boxes.filter(({ status }) => status === 'certified');
    const highest = Math.max(...evidence.map(({ ratio }) => ratio));
    const lowest = Math.min(...evidence.map(({ ratio }) => ratio));
    const findings: Finding[] = [
      {
        statement:
          'nu* is the only max-margin network for every even d and 0 <= eta < 1/(10 d): identities and inequalities of the proof',
        outcome: `${identities.filter(({ holds }) => holds).length} of ${identities.length} identities hold, inequalities ${uniform ? 'hold' : 'fail'}`,
        status: uniform && identities.every(({ holds }) => holds) ? 'proved' : 'fail',
      },
      {
        statement: `the same by exact certificates for d = ${blocks[0]} .. ${blocks.at(-1)}, every eta of the range`,
        outcome: `${reaches.filter(({ paperRange }) => paperRange).length} of ${reaches.length} values of d`,
        status: reaches.every(({ paperRange }) => paperRange) && single.every(({ tight }) => tight) ? 'proved' : 'open',
      },
      ...reaches
        .filter(({ blocks: d }) => [2, 4, 6, 8, 10, 20, 40, 64].includes(d))
        .map(({ blocks: d, proved, refuted }): Finding => {
          const times = (eta: Rational) => (eta.toNumber() * d).toFixed(4);
          return {
            statement: `d = ${d}: how far nu* stays max-margin`,
            outcome: `proved up to eta d = ${times(proved)}, ${refuted === null ? 'never refuted below 2' : `refuted from ${times(refuted)} on`}`,
            status: 'proved',
          };
        }),
      {
        statement: 'best response to q* by ascent over the sphere / gamma',
        outcome: `${lowest.toFixed(7)} to ${highest.toFixed(7)}`,
        // Rounding alone may carry it above 1.
        status: highest <= 1 + 1e-12 && lowest > 1 - 2e-5 ? 'evidence' : 'fail',
      },
      {
        statement: 'best response to q* by interval branch and bound, gamma inside',
        outcome: `${certified.length} of ${boxes.length} certified, to ${Math.max(...certified.map(({ low, high }) => high / low - 1)).toExponential(1)} relative`,
        status: certified.length === boxes.length ? 'proved' : 'open',
      },
    ];
    return {
      findings,
      record: {
        identities,
        uniform,
        reaches: reaches.map(({ blocks: d, proved, refuted, intervals, paperRange }) => ({
          d,
          proved: proved.toString(),
          refuted: refuted?.toString() ?? null,
          intervals,
          paperRange,
        })),
        single,
        evidence,
        branchAndBound: boxes,
      },
      figures: { reach: reachFigure(reaches) },
    };
  },
};

export default study;

/** Whether nu* is proved the only max-margin network for every eta in 0 .. end, halving intervals a few times. */
function provedThrough(blocks: number, end: Rational, from: Rational = Rational.zero, depth = 8): boolean {
  if (provedOn(blocks, from, end)) return true;
  if (depth === 0) return false;
  const middle = from.plus(end).dividedBy(Rational.of(2));
  return provedThrough(blocks, middle, from, depth - 1) && provedThrough(blocks, end, middle, depth - 1);
}

function reachFigure(reaches: readonly Reach[]): string {
  const rows = reaches.map(({ blocks, proved, refuted }) => ({
    d: blocks,
    proved: Number((proved.toNumber() * blocks).toFixed(4)),
    refuted: refuted === null ? 2 : Number((refuted.toNumber() * blocks).toFixed(4)),
  }));
  return picture(
    "How much noise Theorem 1's network bears",
    'It is the only max-margin network below the line (proved) and not max-margin above it (refuted); 1/10 is the paper’s range.',
    [
      { name: 'proved', colour: COLOURS[2] },
      { name: 'refuted', colour: COLOURS[1] },
      { name: 'the paper: 1/10', colour: COLOURS[5] },
    ],
    {
      width: 900,
      height: 340,
      x: { label: 'd' },
      y: { label: 'eta d', domain: [0, 2] },
      marks: [
        Plot.areaY(rows, { x: 'd', y: 'proved', fill: COLOURS[2], fillOpacity: 0.25 }),
        Plot.areaY(rows, { x: 'd', y1: 'refuted', y2: 2, fill: COLOURS[1], fillOpacity: 0.25 }),
        Plot.gridY({ stroke: GRID, strokeOpacity: 1 }),
        Plot.dot(rows, { x: 'd', y: 'proved', r: 2.5, fill: COLOURS[2] }),
        Plot.ruleY([0.1], { stroke: COLOURS[5], strokeDasharray: '4,3' }),
      ],
    },
  );
}
