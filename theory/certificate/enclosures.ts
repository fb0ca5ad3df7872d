/**
 * The irrational numbers of the closed form, enclosed with directed rounding.
 */
import { divide, enclose, type Interval, interval, multiply, squareRoot } from '../rigorous/interval.ts';
import { Rational } from '../rigorous/rational.ts';
import { squaredMargin } from './bounds.ts';

export interface EnclosedForm {
  readonly c0: Interval;
  readonly rho: Interval;
  readonly bias: Interval;
  readonly margin: Interval;
}

/** c0, rho, b and gamma of theorem-1/closed-form.ts for d blocks and an exact eta: the real numbers lie inside. */
export function encloseClosedForm(blocks: number, eta: Rational): EnclosedForm {
  const n = Rational.of(blocks / 2);
  const v = Rational.one.minus(eta.times(n)).squared();
  const c0 = squareRoot(enclose(v.dividedBy(n)));
  // rho^2 = 1 / (2 (1 + v / n)) = n / (2 (n + v)).
  const rho = squareRoot(divide(enclose(n), multiply(interval(2), enclose(n.plus(v)))));
  return { c0, rho, bias: multiply(c0, rho), margin: squareRoot(enclose(squaredMargin(blocks / 2, eta))) };
}
