import { fc, test } from '@fast-check/vitest';
import { fraction as mathjsFraction } from 'mathjs';
import { describe, expect } from 'vitest';
import { CASES } from '../testing.ts';
import * as intervals from './interval.ts';
import { compareWithSquareRoot, integerSquareRoot, Rational, squareRootAbove, squareRootBelow } from './rational.ts';

const rational = fc
  .tuple(fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }), fc.bigInt({ min: 1n, max: 10n ** 9n }))
  .map(([n, d]) => Rational.of(n, d));
const finite = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e120, max: 1e120 });
/** An interval and a number inside it, both exact. */
const enclosure = fc.tuple(finite, finite, fc.integer({ min: 0, max: 16 })).map(([a, b, share]) => {
  const [low, high] = a <= b ? [a, b] : [b, a];
  const width = Rational.fromNumber(high).minus(Rational.fromNumber(low));
  return {
    range: intervals.interval(low, high),
    inside: Rational.fromNumber(low).plus(width.times(Rational.of(share, 16))),
  };
});

const encloses = (range: intervals.Interval, value: Rational): boolean =>
  (range.low === Number.NEGATIVE_INFINITY || Rational.fromNumber(range.low).compare(value) <= 0) &&
  (range.high === Number.POSITIVE_INFINITY || Rational.fromNumber(range.high).compare(value) >= 0);

describe('rationals agree with mathjs fractions', () => {
  const twin = (value: Rational) => mathjsFraction(value.toString());
  test.prop([rational, rational], { numRuns: CASES })('sum, difference, product, order', (a, b) => {
    expect(a.plus(b).toString()).toBe(twin(a).add(twin(b)).toFraction());
    expect(a.minus(b).toString()).toBe(twin(a).sub(twin(b)).toFraction());
    expect(a.times(b).toString()).toBe(twin(a).mul(twin(b)).toFraction());
    expect(a.compare(b)).toBe(Math.sign(twin(a).compare(twin(b))));
  });

  test.prop([rational, rational.filter((b) => b.sign() !== 0)], { numRuns: CASES })('quotient', (a, b) => {
    expect(a.dividedBy(b).toString()).toBe(twin(a).div(twin(b)).toFraction());
  });

  test('reads decimals as decimals, doubles as doubles', () => {
    expect(Rational.parse('0.35').toString()).toBe('7/20');
    expect(Rational.parse('-6/4').toString()).toBe('-3/2');
    expect(Rational.fromNumber(0.35).equals(Rational.parse('0.35'))).toBe(false);
    expect(() => Rational.parse('.5e3')).toThrow(RangeError);
    expect(() => Rational.of(1n, 0n)).toThrow(RangeError);
  });
});

describe('doubles and rationals', () => {
  test.prop([fc.double({ noNaN: true, noDefaultInfinity: true })], { numRuns: CASES })(
    'a double survives the way there and back',
    (x) => {
      expect(Rational.fromNumber(x).toNumber()).toBe(x === 0 ? 0 : x);
    },
  );

  test.prop([rational], { numRuns: CASES })('enclose is tight: equal ends or neighbours', (value) => {
    const range = intervals.enclose(value);
    expect(encloses(range, value)).toBe(true);
    expect(range.high === range.low || range.high === intervals.nextUp(range.low)).toBe(true);
  });

  test.prop([fc.double({ noNaN: true, noDefaultInfinity: true })], { numRuns: CASES })(
    'nothing lies between neighbours',
    (x) => {
      const next = intervals.nextUp(x);
      expect(next).toBeGreaterThan(x);
      if (!Number.isFinite(next)) return;
      const middle = Rational.fromNumber(x).plus(Rational.fromNumber(next)).times(Rational.of(1n, 2n)).toNumber();
      expect(middle === x || middle === next || middle === 0).toBe(true);
      expect(intervals.nextDown(next) === x).toBe(true);
    },
  );
});

describe('square roots', () => {
  test.prop([fc.bigInt({ min: 0n, max: 10n ** 40n })], { numRuns: CASES })('integer square root', (n) => {
    const root = integerSquareRoot(n);
    expect(root * root <= n && (root + 1n) * (root + 1n) > n).toBe(true);
  });

  test.prop([rational.map((a) => (a.sign() < 0 ? a.negated() : a))], { numRuns: CASES })(
    'bracket the root',
    (value) => {
      const below = squareRootBelow(value, 40);
      const above = squareRootAbove(value, 40);
      expect(below.squared().compare(value)).toBeLessThanOrEqual(0);
      expect(above.squared().compare(value)).toBeGreaterThanOrEqual(0);
      expect(above.minus(below).compare(Rational.of(1n, 1n << 39n))).toBeLessThan(0);
      expect(compareWithSquareRoot(below, value)).toBeLessThanOrEqual(0);
    },
  );
});

describe('every interval operation encloses the exact result', () => {
  const binary = [
    ['add', intervals.add, (a: Rational, b: Rational) => a.plus(b)],
    ['subtract', intervals.subtract, (a: Rational, b: Rational) => a.minus(b)],
    ['multiply', intervals.multiply, (a: Rational, b: Rational) => a.times(b)],
    ['maximum', intervals.maximum, (a: Rational, b: Rational) => (a.compare(b) > 0 ? a : b)],
    ['minimum', intervals.minimum, (a: Rational, b: Rational) => (a.compare(b) < 0 ? a : b)],
  ] as const;
  for (const [name, operation, exact] of binary) {
    test.prop([enclosure, enclosure], { numRuns: CASES })(name, (a, b) => {
      expect(encloses(operation(a.range, b.range), exact(a.inside, b.inside))).toBe(true);
    });
  }

  test.prop([enclosure, enclosure.filter((b) => !intervals.holds(b.range, 0))], { numRuns: CASES })(
    'divide',
    (a, b) => {
      expect(encloses(intervals.divide(a.range, b.range), a.inside.dividedBy(b.inside))).toBe(true);
    },
  );

  test.prop([enclosure], { numRuns: CASES })('negate, square, absolute, positivePart', ({ range, inside }) => {
    expect(encloses(intervals.negate(range), inside.negated())).toBe(true);
    expect(encloses(intervals.square(range), inside.squared())).toBe(true);
    expect(encloses(intervals.absolute(range), inside.sign() < 0 ? inside.negated() : inside)).toBe(true);
    expect(encloses(intervals.positivePart(range), inside.positivePart())).toBe(true);
  });

  test.prop([enclosure.filter((a) => a.range.low >= 0)], { numRuns: CASES })('squareRoot', ({ range, inside }) => {
    const root = intervals.squareRoot(range);
    expect(Rational.fromNumber(root.low).squared().compare(inside)).toBeLessThanOrEqual(0);
    expect(Rational.fromNumber(root.high).squared().compare(inside)).toBeGreaterThanOrEqual(0);
  });

  test('an operation that only rounds to nearest is caught', () => {
    const third = Rational.of(1n, 3n);
    const careless = { low: 1 / 3, high: 1 / 3 };
    expect(encloses(careless, third)).toBe(false);
    const one = intervals.interval(1);
    expect(encloses(intervals.divide(one, intervals.interval(3)), third)).toBe(true);
  });

  test('division by an interval with 0 and roots of negatives are refused', () => {
    expect(() => intervals.divide(intervals.interval(1), intervals.interval(-1, 1))).toThrow(/without 0/);
    expect(() => intervals.squareRoot(intervals.interval(-1, 1))).toThrow(/below 0/);
  });
});
