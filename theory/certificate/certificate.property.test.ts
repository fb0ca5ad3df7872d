import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { makeSetting } from '../../datasets/simplified-blockmnist/distribution.ts';
import { stream } from '../../harness/random.ts';
import { Rational } from '../rigorous/rational.ts';
import { CASES } from '../testing.ts';
import { closedForm } from '../theorem-1/closed-form.ts';
import {
  coefficients,
  decideOptimality,
  dualValue,
  ownPieceIsTight,
  type Piece,
  squaredBound,
  squaredMargin,
  squaredTarget,
} from './bounds.ts';
import { encloseBestResponse } from './branch-and-bound.ts';
import { dualMeasure, searchBestResponse } from './dual.ts';
import { encloseClosedForm } from './enclosures.ts';
import { holdsIdentically, IDENTITIES } from './identities.ts';
import { provedOn, reachOf, refutedOn, uniformRangeHolds } from './range.ts';

const numRuns = CASES;

/** n and eta = e / n for a rational e in [0, 1). */
const cases = fc
  .record({ n: fc.integer({ min: 1, max: 32 }), share: fc.integer({ min: 0, max: 999 }), seed: fc.nat(999_999) })
  .map(({ n, share, seed }) => ({ n, eta: Rational.of(share, 1000 * n), seed }));

const share = fc.integer({ min: 0, max: 64 }).map((k) => Rational.of(k, 64));

/** sum_j psi_b(t_j), slowly and in doubles. */
function sumOfPsi(eta: number, s: Float64Array, b: number): number {
  const total = s.reduce((sum, value) => sum + value, 0);
  return s.reduce((sum, value) => {
    const t = value - eta * total;
    return sum + Math.max(0, t + b) - Math.max(0, b - t);
  }, 0);
}

/** The piece that (s, b) lies in. */
function pieceOf(eta: number, s: Float64Array, b: number): Piece {
  const total = s.reduce((sum, value) => sum + value, 0);
  const t = s.map((value) => value - eta * total);
  return b >= 0
    ? { bias: 'non-negative', beyond: t.filter((value) => value < -b).length }
    : { bias: 'negative', beyond: t.filter((value) => value > -b).length };
}

describe('bounds', () => {
  test.prop([cases, share, share, share], { numRuns })(
    'hold for every neuron, whatever the multipliers',
    ({ n, eta, seed }, k, l, z) => {
      const numbers = stream('test', 'neuron', seed);
      const s = Float64Array.from(numbers.normals(n));
      const b = numbers.normal() * (seed % 3);
      const piece = pieceOf(eta.toNumber(), s, b);
      const bound = Math.sqrt(squaredBound(n, eta, piece, { k, l, z }).toNumber());
      expect(sumOfPsi(eta.toNumber(), s, b)).toBeLessThanOrEqual(bound * Math.hypot(b, ...s) * (1 + 1e-12));
    },
  );

  test.prop([cases, share], { numRuns })(
    'are the norm of the linear function they stand for',
    ({ n, eta, seed }, k) => {
      const piece: Piece = { bias: seed % 2 === 0 ? 'negative' : 'non-negative', beyond: seed % (n + 1) };
      const multipliers = { k, l: Rational.of(1, 3), z: Rational.of(1, 5) };
      const { beyond, others, bias } = coefficients(n, eta, piece, multipliers);
      const entries = Array.from({ length: n }, (_, j) => (j < piece.beyond ? beyond : others).toNumber());
      const bound = squaredBound(n, eta, piece, multipliers).toNumber();
      expect(Math.hypot(bias.toNumber(), ...entries) ** 2 / bound).toBeCloseTo(1, 9);
    },
  );

  test('multipliers outside their ranges are refused: they would prove anything', () => {
    const piece: Piece = { bias: 'non-negative', beyond: 1 };
    const [zero, minus, two] = [Rational.zero, Rational.of(-1), Rational.of(2)];
    for (const wrong of [
      { k: two, l: zero, z: zero },
      { k: minus, l: zero, z: zero },
      { k: zero, l: minus, z: zero },
      { k: zero, l: zero, z: minus },
    ]) {
      expect(() => squaredBound(3, zero, piece, wrong)).toThrow(RangeError);
    }
  });
});

describe('the certificate', () => {
  test.prop([fc.integer({ min: 1, max: 32 }), fc.integer({ min: 0, max: 999 })], { numRuns: numRuns })(
    "proves nu* the only max-margin network in the paper's range",
    (n, k) => {
      const eta = Rational.of(k, 20_000 * n);
      expect(decideOptimality(2 * n, eta).status).toBe('proved');
      expect(ownPieceIsTight(2 * n, eta)).toBe(true);
    },
  );

  test.prop([cases], { numRuns: numRuns })('or refutes it by a neuron that a slow sum confirms', ({ n, eta }) => {
    const decided = decideOptimality(2 * n, eta);
    // The middle: within 0.01 of the threshold neither need succeed.
    if (decided.status !== 'refuted') return;
    const { first, s, b } = decided.neuron;
    const row = Float64Array.from({ length: n }, (_, j) => (j < first ? s[0] : s[1]).toNumber());
    const value = sumOfPsi(eta.toNumber(), row, b.toNumber()) / Math.hypot(b.toNumber(), ...row) / (4 * n);
    const { margin } = closedForm(makeSetting({ blocks: 2 * n, noise: eta.toNumber() }));
    expect(value / margin - 1).toBeCloseTo(decided.excess, 9);
    expect(dualValue(n, eta, decided.neuron).toNumber()).toBeCloseTo(sumOfPsi(eta.toNumber(), row, b.toNumber()), 9);
  });

  test.prop([cases], { numRuns })(
    'speaks of the margin of the closed form, whose numbers lie in the enclosures',
    ({ n, eta }) => {
      const form = closedForm(makeSetting({ blocks: 2 * n, noise: eta.toNumber() }));
      const enclosed = encloseClosedForm(2 * n, Rational.fromNumber(eta.toNumber()));
      for (const [number, { low, high }] of [
        [form.rho, enclosed.rho],
        [form.c0, enclosed.c0],
        [form.bias, enclosed.bias],
        [form.margin, enclosed.margin],
      ] as const) {
        expect(high / low - 1).toBeLessThan(1e-14);
        // 1 - eta n loses digits as eta nears 2/d.
        const room = 1e-14 / (1 - eta.toNumber() * n);
        expect(number).toBeGreaterThan(low * (1 - room));
        expect(number).toBeLessThan(high * (1 + room));
      }
      const margin = squaredMargin(n, Rational.fromNumber(eta.toNumber()));
      expect(Rational.fromNumber(enclosed.margin.low).squared().compare(margin)).toBeLessThanOrEqual(0);
      expect(Rational.fromNumber(enclosed.margin.high).squared().compare(margin)).toBeGreaterThanOrEqual(0);
    },
  );

  test('does not prove what is false: a smaller target, a wrong eta', () => {
    // Beyond the threshold of d = 10 (1.524 / d) the statement is false and must not be proved.
    expect(decideOptimality(10, Rational.of(153, 1000)).status).toBe('refuted');
    expect(provedOn(10, Rational.zero, Rational.of(153, 1000))).toBe(false);
    // True at its left end alone, and just so: both ends of an interval count.
    expect(provedOn(10, Rational.of(1520, 10_000), Rational.of(1530, 10_000))).toBe(false);
    expect(refutedOn(10, Rational.of(150, 1000), Rational.of(153, 1000))).toBe(false);
    // A margin smaller by a millionth is beaten by nu* itself: the own piece would not be tight.
    const n = 5;
    const k = Rational.of(2).dividedBy(Rational.of(n + 1));
    const own: Piece = { bias: 'non-negative', beyond: 0 };
    const bound = squaredBound(n, Rational.zero, own, { k, l: Rational.zero, z: Rational.zero });
    expect(bound.equals(squaredTarget(n, Rational.zero))).toBe(true);
    expect(bound.compare(squaredTarget(n, Rational.zero).times(Rational.of(999_999, 1_000_000)))).toBeGreaterThan(0);
  });

  test.each([
    [6, 1.714],
    [8, 1.591],
    [10, 1.524],
    [40, 1.345],
  ])('at d = %d reaches to eta d = %d and no further', (blocks, threshold) => {
    const { proved, refuted } = reachOf(blocks);
    expect(proved.toNumber() * blocks).toBeCloseTo(threshold, 2);
    expect((refuted?.toNumber() ?? 0) * blocks).toBeCloseTo(threshold, 2);
    expect(refuted?.compare(proved)).toBeGreaterThan(0);
  });

  test('at d = 2 and 4 reaches to 2/d', () => {
    for (const blocks of [2, 4]) expect(reachOf(blocks).refuted).toBeNull();
  });

  test('what is out of range is refused', () => {
    expect(() => decideOptimality(3, Rational.zero)).toThrow(/blocks is 3, expected an even integer/);
    expect(() => decideOptimality(4, Rational.of(-1, 9))).toThrow(/eta is -1\/9, expected 0 <= eta < 2\/d = 1\/2/);
    expect(() => decideOptimality(4, Rational.of(1, 2))).toThrow(RangeError);
  });
});

describe("the paper's range for every d at once", () => {
  test.each(IDENTITIES)('$step', (identity) => {
    expect(holdsIdentically(identity)).toBe(true);
  });

  test('an identity with a wrong sign, coefficient or power is caught', () => {
    for (const { left, right, variables } of IDENTITIES) {
      for (const wrong of [`${right} + ${variables[0]}*1/1000`, `-(${right})`, `${variables[0]}*(${right})`]) {
        expect(holdsIdentically({ left, right: wrong.replace('*1/1000', '*0.001'), variables })).toBe(false);
      }
    }
    expect(() => holdsIdentically({ left: 'sqrt(n)', right: 'n', variables: ['n'] })).toThrow(/no polynomial/);
  });

  test('the two inequalities that are left', () => {
    expect(uniformRangeHolds()).toBe(true);
  });
});

describe('branch and bound', () => {
  test.each([
    [2, 0],
    [2, 0.05],
    [4, 0],
    [4, 0.05],
    [4, 0.3],
    [6, 0.05],
    [8, 0.01],
  ])('encloses the best response to q* at d = %d, eta = %d to 14 digits', (blocks, noise) => {
    const setting = makeSetting({ blocks, noise });
    const { status, low, high } = encloseBestResponse(dualMeasure(setting));
    const { margin } = encloseClosedForm(blocks, Rational.fromNumber(noise));
    expect(status).toBe('certified');
    expect(low).toBeLessThanOrEqual(margin.high);
    expect(high).toBeGreaterThanOrEqual(margin.low);
    expect(high / low - 1).toBeLessThan(1e-13);
  });

  test.prop([fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 6 }), fc.nat(999_999)], { numRuns })(
    'encloses what ascent finds, for any measure',
    (dimension, count, seed) => {
      const numbers = stream('test', 'measure', seed);
      const points = Array.from({ length: count }, () => [...numbers.normals(dimension)]);
      const labels = points.map(() => (numbers.integer(2) === 0 ? 1 : -1));
      const measure = { points, labels, weights: [...numbers.uniforms(count)] };
      const { status, low, high } = encloseBestResponse(measure, { tolerance: 1e-2, limit: 20_000 });
      // Where weights nearly cancel, the response is small against its parts, and boxes may run out.
      if (status === 'certified') expect(high).toBeLessThanOrEqual(low * 1.01 * (1 + 1e-12) + 1e-9);
      else expect(high).toBe(Number.POSITIVE_INFINITY);
      const found = searchBestResponse(measure, 30, numbers);
      expect(found).toBeLessThanOrEqual(high * (1 + 1e-12));
    },
  );

  test('says why where it does not certify', () => {
    const large = encloseBestResponse(dualMeasure(makeSetting({ blocks: 10, noise: 0.01 })));
    expect(large).toMatchObject({ status: 'not certified', high: Number.POSITIVE_INFINITY });
    expect(large.reason).toMatch(/dimension 7, and branch and bound goes up to 6/);
    const few = encloseBestResponse(dualMeasure(makeSetting({ blocks: 8, noise: 0.15 })), { limit: 20 });
    expect(few).toMatchObject({ status: 'not certified' });
    expect(few.reason).toMatch(/20 boxes did not/);
  });

  test('a measure that cancels has best response 0, and a wrong one is refused', () => {
    const twice = { points: [[1], [1]], labels: [1, -1], weights: [1, 1] };
    expect(encloseBestResponse(twice).high).toBeLessThan(1e-9);
    expect(() => encloseBestResponse({ points: [[1], [1, 2]], labels: [1, 1], weights: [1, 1] })).toThrow(
      /lengths 1,2/,
    );
    expect(() => encloseBestResponse({ points: [[1]], labels: [0], weights: [1] })).toThrow(/labels are \[0\]/);
    expect(() => encloseBestResponse({ points: [[1]], labels: [1], weights: [-1] })).toThrow(/weights are \[-1\]/);
  });
});
