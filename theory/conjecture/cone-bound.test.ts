import { stream } from 'attribench';
import { describe, expect, test } from 'vitest';
import { Rational } from '../rigorous/rational.ts';
import { proveConeBound } from './cone-bound.ts';
import { type DualOrbit, defineGame, distinctPermutations, type Game } from './game.ts';

const game = defineGame(8, Rational.of(7, 20));
/** Small enough to check by hand: two negatives and three negatives. */
const dual: readonly DualOrbit[] = [
  { signs: [-1, 1, 1], weight: 1 },
  { signs: [-1, -1, 1], weight: 24 },
  { signs: [-1, -1, -1], weight: 45 },
];
const maximalCones = 20_000;

interface Leaf {
  readonly rays: readonly Float64Array[];
  readonly z: Float64Array | 'kink';
}

function leavesOf(played: Game, measure: readonly DualOrbit[]): Leaf[] {
  const leaves: Leaf[] = [];
  const onLeaf = (rays: readonly Float64Array[], z: Float64Array | 'kink'): void => {
    leaves.push({ rays: rays.map((ray) => ray.slice()), z: z === 'kink' ? z : z.slice() });
  };
  expect(proveConeBound(played, measure, { maximalCones, onLeaf }).proved).toBe(true);
  return leaves;
}

/** All points of the measure for every signal coordinate, with weights: x in rationals, by definition. */
function pointsOf({ n, eps }: Game, measure: readonly DualOrbit[]): { x: Rational[]; weight: Rational }[] {
  return measure.flatMap(({ signs, weight }) =>
    distinctPermutations(signs).flatMap((rest) =>
      Array.from({ length: n }, (_, j) => {
        const others = rest.map((sign) => eps.times(Rational.of(sign)));
        const x = [...others.slice(0, j), Rational.one.minus(eps), ...others.slice(j)];
        return { x, weight: Rational.of(weight) };
      }),
    ),
  );
}

function dot(a: readonly Rational[], b: readonly Rational[]): Rational {
  return a.reduce((sum, x, at) => sum.plus(x.times(b[at] ?? Rational.zero)), Rational.zero);
}

const exact = (values: ArrayLike<number>): Rational[] => Array.from(values, Rational.fromNumber);

/** W (1 - 2 eps): F at the conjecture's neuron (1, 0, .., 0; -eps), by which every neuron is measured. */
function atKink({ eps }: Game, measure: readonly DualOrbit[]): Rational {
  const total = measure.reduce((sum, { signs, weight }) => sum + weight * distinctPermutations(signs).length, 0);
  return Rational.of(total).times(Rational.one.minus(eps).minus(eps));
}

/** Is F <= <z,theta> on the cone and |z| <= g, in rationals? alpha is free, so each concave term may take either slope. */
function leafHolds(played: Game, measure: readonly DualOrbit[], { rays, z }: Leaf): boolean {
  const { n, eps } = played;
  const top = atKink(played, measure);
  const scale = Rational.one.plus(eps.squared());
  const kink = [Rational.one, ...new Array<Rational>(n - 1).fill(Rational.zero), eps.negated()];
  const slope = z === 'kink' ? kink.map((x) => x.times(top).dividedBy(scale)) : exact(z);
  const corners = rays.map(exact);
  const norm = dot(slope, slope);
  // z may be of any length: what counts is l_i |z| <= g <z,v_i>, so <z,v_i> g / |z| is compared, squared.
  const target = top.squared().dividedBy(scale);
  const bounds = corners.map(() => Rational.zero);
  for (const { x, weight } of pointsOf(played, measure)) {
    const plus = corners.map((v) => dot(x, v.slice(0, n)).plus(v[n] ?? Rational.zero));
    const minus = corners.map((v) => (v[n] ?? Rational.zero).minus(dot(x, v.slice(0, n))));
    const crosses = minus.some((t) => t.sign() > 0) && minus.some((t) => t.sign() < 0);
    const alpha = slopeOf(
      minus,
      corners,
      z === 'kink' ? (kink[n] ?? Rational.zero).minus(x[0] ?? Rational.zero) : undefined,
    );
    for (const [i, t] of plus.entries()) {
      const other = minus[i] ?? Rational.zero;
      const below = crosses ? other.times(alpha) : other.positivePart();
      bounds[i] = (bounds[i] ?? Rational.zero).plus(t.positivePart().minus(below).times(weight));
    }
  }
  return corners.every((v, i) => {
    const bound = bounds[i] ?? Rational.zero;
    const side = dot(slope, v);
    if (bound.sign() <= 0 && side.sign() >= 0) return true;
    if (bound.sign() > 0 && side.sign() <= 0) return false;
    const order = bound.squared().times(norm).compare(side.squared().times(target));
    return bound.sign() > 0 ? order <= 0 : order >= 0;
  });
}

/** The slope that the proof uses: phi's own at the kink atom, else the share of the positive part (any is allowed). */
function slopeOf(values: readonly Rational[], corners: readonly Rational[][], atAtom: Rational | undefined): Rational {
  if (atAtom && atAtom.sign() !== 0) return atAtom.sign() > 0 ? Rational.one : Rational.zero;
  let positive = 0;
  let negative = 0;
  for (const [i, t] of values.entries()) {
    const share = t.toNumber() / Math.hypot(...(corners[i] ?? []).map((x) => x.toNumber()));
    if (share > 0) positive += share;
    else negative -= share;
  }
  return Rational.fromNumber(positive / (positive + negative));
}

describe('every finished cone, checked again in rationals', () => {
  const leaves = leavesOf(game, dual);

  test('holds, by definition of F', () => {
    expect(leaves.length).toBeGreaterThan(100);
    expect(leaves.filter((leaf) => !leafHolds(game, dual, leaf))).toEqual([]);
  });

  test('would be caught with a wrong z, a cone too large, a measure that is another', () => {
    const plain = leaves.filter(({ z }) => z !== 'kink');
    const backwards = plain.map(({ rays, z }) => ({ rays, z: Float64Array.from(z as Float64Array, (x) => -x) }));
    expect(backwards.some((leaf) => !leafHolds(game, dual, leaf))).toBe(true);
    const kinks = leaves.filter(({ z }) => z === 'kink');
    const widened = kinks.map(({ rays, z }) => ({
      rays: rays.map((ray) => ray.map((x, at) => (at === 1 ? 1e9 : x))),
      z,
    }));
    expect(widened.some((leaf) => !leafHolds(game, dual, leaf))).toBe(true);
    const uniform = dual.map((orbit) => ({ ...orbit, weight: 1 }));
    expect(leaves.some((leaf) => !leafHolds(game, uniform, leaf))).toBe(true);
  });

  test('together they cover r1 >= .. >= rn: each direction lies in one, with F below its linear function', () => {
    const draws = stream('directions for cones');
    for (let k = 0; k < 200; k++) {
      const r = Array.from({ length: game.n }, () => draws.normal()).sort((a, b) => b - a);
      const theta = [...r, draws.normal()];
      const holding = leaves.filter(({ rays }) => coordinatesIn(rays, theta).every((share) => share >= -1e-9));
      expect(holding.length).toBeGreaterThan(0);
    }
  });
});

/** theta as a combination of the rays (floating point, Gauss elimination with pivots). */
function coordinatesIn(rays: readonly Float64Array[], theta: readonly number[]): number[] {
  const size = theta.length;
  const unit = rays.map((ray) => ray.map((x) => x / Math.hypot(...ray)));
  const rows = theta.map((value, at) => [...unit.map((ray) => ray[at] ?? 0), value]);
  for (let column = 0; column < size; column++) {
    rows.sort((a, b) =>
      rows.indexOf(a) < column || rows.indexOf(b) < column ? 0 : Math.abs(b[column] ?? 0) - Math.abs(a[column] ?? 0),
    );
    const chosen = rows[column] ?? [];
    for (const [at, row] of rows.entries()) {
      if (at === column) continue;
      const factor = (row[column] ?? 0) / (chosen[column] ?? 1);
      rows[at] = row.map((x, i) => x - factor * (chosen[i] ?? 0));
    }
  }
  return rows.map((row, at) => (row[size] ?? 0) / (row[at] ?? 1));
}

describe('what is proved', () => {
  test('no sampled neuron exceeds the conjecture under the measure, and the conjecture attains it', () => {
    const draws = stream('neurons against the measure');
    const points = pointsOf(game, dual).map(({ x, weight }) => ({
      x: x.map((c) => c.toNumber()),
      weight: weight.toNumber(),
    }));
    const top = atKink(game, dual).toNumber() / Math.sqrt(1 + 0.35 ** 2);
    const value = (theta: readonly number[]): number => {
      const bias = theta[game.n] ?? 0;
      const length = Math.hypot(...theta);
      let sum = 0;
      for (const { x, weight } of points) {
        const product = x.reduce((total, c, at) => total + c * (theta[at] ?? 0), 0);
        sum += weight * (Math.max(0, product + bias) - Math.max(0, bias - product));
      }
      return sum / length;
    };
    expect(value([1, 0, 0, 0, -0.35])).toBeCloseTo(top, 10);
    for (let k = 0; k < 3000; k++) {
      const near = k % 2 === 0;
      const theta = Array.from(
        { length: 5 },
        (_, at) => (near ? ([1, 0, 0, 0, -0.35][at] ?? 0) : 0) + (near ? 0.1 : 1) * draws.normal(),
      );
      expect(value(theta)).toBeLessThan(top);
    }
  });

  test('a bound below the conjecture is refused: its own neuron violates it', () => {
    const result = proveConeBound(game, dual, { maximalCones, share: 0.999 });
    expect(result.proved ? '' : result.why).toBe('violated');
  });

  test('a looser bound is proved', () => {
    expect(proveConeBound(game, dual, { maximalCones, share: 1.05 }).proved).toBe(true);
  });

  test.each([
    ['uniform weights', [1, 1, 1]],
    ['all negatives', [0, 0, 1]],
    ['a weight too many', [24, 1, 45]],
  ])('another measure is refused: %s', (_, weights) => {
    const other = dual.flatMap(({ signs }, at) =>
      (weights[at] ?? 0) > 0 ? [{ signs, weight: weights[at] ?? 0 }] : [],
    );
    const result = proveConeBound(game, other, { maximalCones });
    expect(result.proved ? '' : result.why).toBe('violated');
  });

  test('where the conjecture is refuted no measure of this kind is accepted', () => {
    const refuted = defineGame(8, Rational.of(1, 4));
    for (const weights of [
      [1, 24, 45],
      [1, 5, 40],
      [1, 1, 100],
    ]) {
      const measure = dual.map(({ signs }, at) => ({ signs, weight: weights[at] ?? 1 }));
      expect(proveConeBound(refuted, measure, { maximalCones }).proved).toBe(false);
    }
  });

  test('d = 2: one dense unit is better, so the conjecture is not accepted', () => {
    const result = proveConeBound(defineGame(2, Rational.of(1, 4)), [{ signs: [], weight: 1 }], { maximalCones });
    expect(result.proved).toBe(false);
  });

  test('weights that are no positive integers and signs of another length are refused', () => {
    const zero = [{ signs: [-1, -1, -1], weight: 0.5 }];
    expect(() => proveConeBound(game, zero, { maximalCones })).toThrow(/positive integer/);
    expect(() => proveConeBound(game, [{ signs: [-1], weight: 1 }], { maximalCones })).toThrow(/3 entries/);
  });
});
