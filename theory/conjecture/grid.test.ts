import { describe, expect, test } from 'vitest';
import { Rational } from '../rigorous/rational.ts';
import { conjecturedMargin, defineGame } from './game.ts';
import { conjectureGrid, type GridPoint } from './grid.ts';
import { beatsConjecture, marginBelow } from './networks.ts';
import { summary } from './summary.ts';
import { flawOf } from './verify.ts';
import { worstCase } from './worst-case.ts';

const points = await conjectureGrid({ dimensions: [2, 6, 8], radii: [Rational.of(11, 40), Rational.of(7, 20)] });

function pointAt(d: number, eps: string): GridPoint {
  const found = points.find((point) => point.d === d && point.eps === eps);
  if (!found) throw new Error(`no point at ${d}, ${eps}`);
  return found;
}

describe('a small grid', () => {
  test('is settled everywhere', () => {
    expect(points.map(({ d, eps, status }) => `${d} ${eps} ${status}`)).toEqual([
      '2 11/40 refuted',
      '2 7/20 refuted',
      '6 11/40 refuted',
      '6 7/20 refuted',
      '8 11/40 refuted',
      '8 7/20 proved optimal',
    ]);
  });

  test('holds when checked from its record', () => {
    const stored: readonly GridPoint[] = JSON.parse(JSON.stringify(points));
    expect(stored.map((point) => flawOf(point))).toEqual(stored.map(() => undefined));
  });

  test('the refutation of d = 6, eps = 7/20 is the one to check by hand: margin 1/37', () => {
    const { lower } = pointAt(6, '7/20');
    expect(lower.orbits).toEqual([{ direction: [1, 1, -1], bias: '13/20', coefficient: '1' }]);
    expect(lower.worstValue).toBe('1/5');
    expect(lower.margin).toBeCloseTo(1 / 37, 14);
  });

  test('two small orbits beat the conjecture just below its threshold at d = 8', () => {
    const game = defineGame(8, Rational.of(11, 40));
    const network = {
      name: 'by hand',
      orbits: [
        { direction: [12, -1, -1, -1], bias: Rational.of(-139, 40), coefficient: Rational.one },
        { direction: [10, 10, 10, -12], bias: Rational.of(101, 20), coefficient: Rational.of(1, 2) },
      ],
    };
    const worst = worstCase(game, network);
    expect(worst.value.toString()).toBe('51/20');
    expect(beatsConjecture(game, network, worst)).toBe(true);
    expect(marginBelow(network, worst).toNumber() / conjecturedMargin(game)).toBeCloseTo(1.0026, 4);
  });

  test('one line a status and dimension, one cell a point', () => {
    const { findings, figures } = summary(points);
    expect(findings.map(({ status }) => status)).toEqual(['refuted', 'refuted', 'refuted', 'proved']);
    expect(figures.conjecture?.match(/<rect/g)?.length).toBeGreaterThanOrEqual(points.length);
  });
});

describe('a record that claims too much is refused', () => {
  const refuted = pointAt(6, '7/20');
  const proved = pointAt(8, '7/20');
  const { lower } = refuted;
  const { upper } = proved;
  const weights = (change: (weight: number, at: number) => number): GridPoint => ({
    ...proved,
    upper: upper && {
      ...upper,
      orbits: upper.orbits.map((orbit, at) => ({ ...orbit, weight: change(orbit.weight, at) })),
    },
  });
  const [orbit] = lower.orbits;
  if (!orbit) throw new Error('a network has an orbit');

  test.each<[string, GridPoint, string]>([
    ['a worst value too high', { ...refuted, lower: { ...lower, worstValue: '1/4' } }, 'worst value'],
    ['another worst point', { ...refuted, lower: { ...lower, worstPoint: ['1', '0', '0'] } }, 'worst point'],
    ['another margin', { ...refuted, lower: { ...lower, margin: lower.margin * 1.001 } }, 'margin'],
    ['another bias', { ...refuted, lower: { ...lower, orbits: [{ ...orbit, bias: '1/20' }] } }, 'worst value'],
    ['another conjectured margin', { ...refuted, conjecturedMarginSquared: '1/2000' }, 'conjectured margin'],
    ['refuted by the conjecture itself', { ...proved, status: 'refuted' }, 'not above'],
    ['proved where it is refuted', { ...refuted, status: 'proved optimal', upper }, 'network'],
    ['proved without a measure', { ...proved, upper: null }, 'no dual measure'],
    ['a looser bound as a proof', { ...proved, upper: upper && { ...upper, share: 1.1 } }, 'share'],
    ['equal weights', weights(() => 1), 'dual measure: violated'],
    ['weights in another order', weights((_, at) => 50 - at), 'dual measure: violated'],
  ])('%s', (_, point, reason) => {
    expect(flawOf(point)).toContain(reason);
  });
});
