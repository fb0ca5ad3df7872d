/**
 * Interval arithmetic with directed rounding: every result encloses the real number it stands for.
 *
 * JavaScript rounds to nearest and cannot switch, so each operation takes the rounded result and moves
 * one double outwards. That covers the error of +, -, *, / (IEEE 754, at most half a unit in the last
 * place, subnormals included) and of Math.sqrt where the engine's error is below one unit (V8 emits the
 * processor's correctly rounded instruction). Overflow widens to infinity and stays an enclosure.
 */
import { Rational } from './rational.ts';

export interface Interval {
  readonly low: number;
  readonly high: number;
}

const scratch = new DataView(new ArrayBuffer(8));

/** The smallest double above x (infinity stays). */
export function nextUp(x: number): number {
  if (x === Number.POSITIVE_INFINITY || Number.isNaN(x)) return x;
  if (x === 0) return Number.MIN_VALUE;
  scratch.setFloat64(0, x);
  scratch.setBigInt64(0, scratch.getBigInt64(0) + (x > 0 ? 1n : -1n));
  return scratch.getFloat64(0);
}

/** The largest double below x (minus infinity stays). */
export function nextDown(x: number): number {
  return -nextUp(-x);
}

/** [low, high]; RangeError when the ends are NaN or out of order. */
export function interval(low: number, high: number = low): Interval {
  if (!(low <= high)) throw new RangeError(`[attribench] interval: ends are ${low}, ${high}, expected low <= high`);
  return { low, high };
}

/** The narrowest interval of doubles that holds a rational. */
export function enclose(value: Rational): Interval {
  let low = value.toNumber();
  if (Number.isFinite(low) && Rational.fromNumber(low).equals(value)) return { low, high: low };
  let high = low;
  while (
    low === Number.POSITIVE_INFINITY ||
    (low > Number.NEGATIVE_INFINITY && Rational.fromNumber(low).compare(value) > 0)
  ) {
    low = nextDown(low);
  }
  while (
    high === Number.NEGATIVE_INFINITY ||
    (high < Number.POSITIVE_INFINITY && Rational.fromNumber(high).compare(value) < 0)
  ) {
    high = nextUp(high);
  }
  return { low, high };
}

export function add(a: Interval, b: Interval): Interval {
  return { low: nextDown(a.low + b.low), high: nextUp(a.high + b.high) };
}

export function subtract(a: Interval, b: Interval): Interval {
  return { low: nextDown(a.low - b.high), high: nextUp(a.high - b.low) };
}

export function negate(a: Interval): Interval {
  return { low: -a.high, high: -a.low };
}

export function multiply(a: Interval, b: Interval): Interval {
  const products = [product(a.low, b.low), product(a.low, b.high), product(a.high, b.low), product(a.high, b.high)];
  return { low: nextDown(Math.min(...products)), high: nextUp(Math.max(...products)) };
}

/** RangeError when the divisor holds 0. */
export function divide(a: Interval, b: Interval): Interval {
  if (b.low <= 0 && b.high >= 0) {
    throw new RangeError(`[attribench] divide: divisor is [${b.low}, ${b.high}], expected an interval without 0`);
  }
  const quotients = [
    quotient(a.low, b.low),
    quotient(a.low, b.high),
    quotient(a.high, b.low),
    quotient(a.high, b.high),
  ];
  return { low: nextDown(Math.min(...quotients)), high: nextUp(Math.max(...quotients)) };
}

/** {x^2 : x in a}: tighter than multiply(a, a), never below 0. */
export function square(a: Interval): Interval {
  const [near, far] = magnitudes(a);
  return { low: Math.max(0, nextDown(near * near)), high: nextUp(far * far) };
}

/** RangeError when a holds a negative number. */
export function squareRoot(a: Interval): Interval {
  if (a.low < 0) {
    throw new RangeError(`[attribench] squareRoot: argument is [${a.low}, ${a.high}], expected no number below 0`);
  }
  return { low: Math.max(0, nextDown(Math.sqrt(a.low))), high: nextUp(Math.sqrt(a.high)) };
}

export function absolute(a: Interval): Interval {
  const [low, high] = magnitudes(a);
  return { low, high };
}

/** {max(0, x) : x in a}: the ReLU. */
export function positivePart(a: Interval): Interval {
  return { low: Math.max(0, a.low), high: Math.max(0, a.high) };
}

/** {max(x, y)}. */
export function maximum(a: Interval, b: Interval): Interval {
  return { low: Math.max(a.low, b.low), high: Math.max(a.high, b.high) };
}

/** {min(x, y)}. */
export function minimum(a: Interval, b: Interval): Interval {
  return { low: Math.min(a.low, b.low), high: Math.min(a.high, b.high) };
}

/** True when the number lies in the interval. */
export function holds(a: Interval, value: number): boolean {
  return a.low <= value && value <= a.high;
}

function magnitudes(a: Interval): [near: number, far: number] {
  const low = Math.abs(a.low);
  const high = Math.abs(a.high);
  return [holds(a, 0) ? 0 : Math.min(low, high), Math.max(low, high)];
}

// An end of 0 times an infinite end is 0: the infinite end stands for arbitrarily large finite numbers.
function product(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : a * b;
}

function quotient(a: number, b: number): number {
  return Number.isFinite(a) || Number.isFinite(b) ? a / b : 0;
}
