/**
 * Exact rational numbers over BigInt: the arithmetic in which certificates are stated and compared.
 *
 * Always in lowest terms with a positive denominator, so equal numbers have equal fields. Every double
 * is a rational; `fromNumber` is exact and never looks for a nice nearby fraction.
 */
import { greatestCommonDivisor } from './divisors.ts';

const DECIMAL = /^([+-]?)(\d+)(?:\.(\d+))?$/;
const FRACTION = /^([+-]?\d+)\/(\d+)$/;

export class Rational {
  static readonly zero = Rational.of(0n);
  static readonly one = Rational.of(1n);

  readonly numerator: bigint;
  readonly denominator: bigint;

  private constructor(numerator: bigint, denominator: bigint) {
    this.numerator = numerator;
    this.denominator = denominator;
  }

  /** numerator/denominator in lowest terms; RangeError when the denominator is 0 or a part is no integer. */
  static of(numerator: bigint | number, denominator: bigint | number = 1n): Rational {
    const n = BigInt(numerator);
    const d = BigInt(denominator);
    if (d === 0n) throw new RangeError(`[attribench] Rational.of: denominator is 0, expected a non-zero integer`);
    const divisor = greatestCommonDivisor(n, d);
    return d < 0n ? new Rational(-n / divisor, -d / divisor) : new Rational(n / divisor, d / divisor);
  }

  /** The exact value of a finite double. */
  static fromNumber(value: number): Rational {
    if (!Number.isFinite(value)) {
      throw new RangeError(`[attribench] Rational.fromNumber: value is ${value}, expected a finite number`);
    }
    let mantissa = value;
    let exponent = 0;
    // Both loops are exact: powers of two only move the exponent of a double.
    while (!Number.isInteger(mantissa)) {
      mantissa *= 2;
      exponent += 1;
    }
    return Rational.of(BigInt(mantissa), 1n << BigInt(exponent));
  }

  /** Reads '7/20', '-3' or '0.35' (taken as the decimal, not as the nearest double). */
  static parse(text: string): Rational {
    const fraction = FRACTION.exec(text);
    if (fraction) return Rational.of(BigInt(fraction[1] ?? ''), BigInt(fraction[2] ?? ''));
    const decimal = DECIMAL.exec(text);
    if (!decimal) {
      throw new RangeError(`[attribench] Rational.parse: text is '${text}', expected a form like 7/20, -3 or 0.35`);
    }
    const digits = decimal[3] ?? '';
    const magnitude = Rational.of(BigInt(`${decimal[2] ?? ''}${digits}`), 10n ** BigInt(digits.length));
    return decimal[1] === '-' ? magnitude.negated() : magnitude;
  }

  plus(other: Rational): Rational {
    return Rational.of(
      this.numerator * other.denominator + other.numerator * this.denominator,
      this.denominator * other.denominator,
    );
  }

  minus(other: Rational): Rational {
    return this.plus(other.negated());
  }

  times(other: Rational): Rational {
    return Rational.of(this.numerator * other.numerator, this.denominator * other.denominator);
  }

  /** RangeError when `other` is 0. */
  dividedBy(other: Rational): Rational {
    return Rational.of(this.numerator * other.denominator, this.denominator * other.numerator);
  }

  negated(): Rational {
    return new Rational(-this.numerator, this.denominator);
  }

  squared(): Rational {
    return this.times(this);
  }

  /** Negative, zero or positive as this < other, this = other, this > other. */
  compare(other: Rational): number {
    const difference = this.numerator * other.denominator - other.numerator * this.denominator;
    return difference < 0n ? -1 : difference > 0n ? 1 : 0;
  }

  sign(): number {
    return this.numerator < 0n ? -1 : this.numerator > 0n ? 1 : 0;
  }

  equals(other: Rational): boolean {
    return this.numerator === other.numerator && this.denominator === other.denominator;
  }

  /** max(0, this). */
  positivePart(): Rational {
    return this.numerator < 0n ? Rational.zero : this;
  }

  /** A double within a relative 2^-52 of this; not an enclosure (see `enclose` in interval.ts). */
  toNumber(): number {
    const negative = this.numerator < 0n;
    const n = negative ? -this.numerator : this.numerator;
    if (n === 0n) return 0;
    // 64 significant bits of the quotient, then one rounding to double.
    const shift = BigInt(bitLength(this.denominator) - bitLength(n) + 64);
    const quotient = shift >= 0n ? (n << shift) / this.denominator : n / (this.denominator << -shift);
    const exponent = -Number(shift);
    // In two steps, so that neither power overflows or underflows on its own.
    const half = Math.trunc(exponent / 2);
    const magnitude = Number(quotient) * 2 ** half * 2 ** (exponent - half);
    return negative ? -magnitude : magnitude;
  }

  /** '7/20', or '3' for an integer. */
  toString(): string {
    return this.denominator === 1n ? `${this.numerator}` : `${this.numerator}/${this.denominator}`;
  }

  toJSON(): string {
    return this.toString();
  }
}

/** The sign of a - sqrt(b), decided exactly; RangeError when b < 0. */
export function compareWithSquareRoot(a: Rational, b: Rational): number {
  if (b.sign() < 0) throw new RangeError(`[attribench] compareWithSquareRoot: b is ${b}, expected at least 0`);
  return a.sign() < 0 ? -1 : a.squared().compare(b);
}

/** A rational q with q^2 >= value and q - sqrt(value) <= 2^-bits (value >= 0). */
export function squareRootAbove(value: Rational, bits = 80): Rational {
  const below = squareRootBelow(value, bits);
  return below.squared().equals(value) ? below : below.plus(Rational.of(1n, 1n << BigInt(bits)));
}

/** A rational q >= 0 with q^2 <= value and sqrt(value) - q <= 2^-bits (value >= 0). */
export function squareRootBelow(value: Rational, bits = 80): Rational {
  if (value.sign() < 0) throw new RangeError(`[attribench] squareRootBelow: value is ${value}, expected at least 0`);
  const exact = Rational.of(integerSquareRoot(value.numerator), integerSquareRoot(value.denominator));
  if (exact.squared().equals(value)) return exact;
  const scale = 1n << BigInt(bits);
  // floor(sqrt(floor(v s^2))) = floor(s sqrt(v)), so the error is below 1/s.
  return Rational.of(integerSquareRoot((value.numerator * scale * scale) / value.denominator), scale);
}

/** floor(sqrt(n)) for n >= 0, by Newton's iteration from above. */
export function integerSquareRoot(n: bigint): bigint {
  if (n < 2n) return n;
  let estimate = 1n << BigInt((bitLength(n) + 1) >> 1);
  for (;;) {
    const next = (estimate + n / estimate) >> 1n;
    if (next >= estimate) return estimate;
    estimate = next;
  }
}

function bitLength(n: bigint): number {
  return n === 0n ? 0 : n.toString(2).length;
}
