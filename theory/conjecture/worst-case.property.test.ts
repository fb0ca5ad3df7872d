import { fc, test } from '@fast-check/vitest';
import { stream } from 'attribench';
import { describe, expect } from 'vitest';
import { Rational } from '../rigorous/rational.ts';
import { CASES } from '../testing.ts';
import { conjecturedMarginSquared, defineGame, distinctPermutations, type Game, type Network } from './game.ts';
import {
  conjecturedNetwork,
  denseNetwork,
  mixedNetwork,
  normSquared,
  pairNetwork,
  preferredMixture,
} from './networks.ts';
import { networkValue, worstCase } from './worst-case.ts';

const eps = fc.integer({ min: 0, max: 19 }).map((k) => Rational.of(k, 40));

function games(smallest: number, largest: number): fc.Arbitrary<Game> {
  return fc.tuple(fc.integer({ min: smallest, max: largest }), eps).map(([n, e]) => defineGame(2 * n, e));
}

/** A game with a network of one to three orbits of small integer neurons. */
function played(smallest: number, largest: number): fc.Arbitrary<{ game: Game; network: Network }> {
  return games(smallest, largest).chain((game) =>
    fc
      .array(
        fc.record({
          direction: fc.array(fc.integer({ min: -3, max: 3 }), { minLength: game.n, maxLength: game.n }),
          bias: fc.integer({ min: -8, max: 8 }).map((b) => Rational.of(b, 5)),
          coefficient: fc.integer({ min: 1, max: 4 }).map((c) => Rational.of(c, 3)),
        }),
        { minLength: 1, maxLength: 3 },
      )
      .map((orbits) => ({ game, network: { name: 'random', orbits } })),
  );
}

/**
 * The slow twin: all points where n hyperplanes meet, of the box's faces (y = +1, j = 1) and of all kinks, kept
 * where they lie in the box.
 */
function minimumOverVertices(game: Game, network: Network): Rational {
  const { n, eps: e } = game;
  const unit = (at: number): Rational[] =>
    Array.from({ length: n }, (_, i) => (i === at ? Rational.one : Rational.zero));
  const low = unit(0).map((one) => one.minus(e));
  const high = unit(0).map((one) => one.plus(e));
  const planes = low.flatMap((_, i) => [
    { normal: unit(i), offset: low[i] ?? e },
    { normal: unit(i), offset: high[i] ?? e },
  ]);
  for (const { direction, bias } of network.orbits) {
    for (const r of distinctPermutations(direction)) {
      const normal = r.map((x) => Rational.of(x));
      planes.push({ normal, offset: bias }, { normal, offset: bias.negated() });
    }
  }
  let best: Rational | undefined;
  for (const chosen of subsets(planes, n)) {
    const point = solve(chosen);
    if (!point?.every((x, i) => x.compare(low[i] ?? e) >= 0 && x.compare(high[i] ?? e) <= 0)) continue;
    const value = networkValue(game, network, point);
    if (!best || value.compare(best) < 0) best = value;
  }
  if (!best) throw new Error('a box has corners');
  return best;
}

function subsets<T>(items: readonly T[], size: number): T[][] {
  if (size === 0) return [[]];
  return items.flatMap((item, at) => subsets(items.slice(at + 1), size - 1).map((rest) => [item, ...rest]));
}

/** Gauss elimination in rationals; undefined when the planes do not meet in one point. */
function solve(
  planes: readonly { readonly normal: readonly Rational[]; readonly offset: Rational }[],
): Rational[] | undefined {
  const size = planes.length;
  const rows = planes.map(({ normal, offset }) => [...normal, offset]);
  for (let column = 0; column < size; column++) {
    const pivot = rows.findIndex((row, at) => at >= column && row[column]?.sign() !== 0);
    if (pivot < 0) return undefined;
    const [chosen] = rows.splice(pivot, 1);
    const lead = chosen?.[column];
    if (!chosen || !lead) return undefined;
    const scaled = chosen.map((x) => x.dividedBy(lead));
    rows.splice(column, 0, scaled);
    for (const [at, row] of rows.entries()) {
      const factor = row[column];
      if (at === column || !factor || factor.sign() === 0) continue;
      rows[at] = row.map((x, i) => x.minus(factor.times(scaled[i] ?? Rational.zero)));
    }
  }
  return rows.map((row) => row[size] ?? Rational.zero);
}

function corners({ n, eps: e }: Game): Rational[][] {
  const ends = Array.from({ length: n }, (_, at) => {
    const centre = at === 0 ? Rational.one : Rational.zero;
    return [centre.minus(e), centre.plus(e)];
  });
  return ends.reduce<Rational[][]>((points, pair) => points.flatMap((point) => pair.map((x) => [...point, x])), [[]]);
}

describe('the exact worst case', () => {
  test.prop([played(1, 2)], { numRuns: CASES })(
    'equals the minimum over all vertices of the cut box',
    ({ game, network }) => {
      expect(worstCase(game, network).value.toString()).toBe(minimumOverVertices(game, network).toString());
    },
  );

  test('equals it in three dimensions too', () => {
    const game = defineGame(6, Rational.of(7, 20));
    const network: Network = {
      name: 'two orbits',
      orbits: [
        { direction: [2, 1, -1], bias: Rational.of(-2, 5), coefficient: Rational.one },
        { direction: [1, -1, -1], bias: Rational.of(1, 5), coefficient: Rational.of(2, 3) },
      ],
    };
    expect(worstCase(game, network).value.toString()).toBe(minimumOverVertices(game, network).toString());
  });

  test.prop([played(1, 3)], { numRuns: CASES })(
    'is attained at the point it names, in the box',
    ({ game, network }) => {
      const { value, point } = worstCase(game, network);
      expect(networkValue(game, network, point).toString()).toBe(value.toString());
      for (const [at, x] of point.entries()) {
        const distance = at === 0 ? x.minus(Rational.one) : x;
        expect(distance.compare(game.eps) <= 0 && distance.negated().compare(game.eps) <= 0).toBe(true);
      }
    },
  );

  test.prop([played(2, 3), fc.nat(1000)], { numRuns: CASES })(
    'is below every sample of any box, any label',
    ({ game, network }, seed) => {
      const { value } = worstCase(game, network);
      const draws = stream('worst case samples', seed);
      for (let k = 0; k < 30; k++) {
        const signal = draws.integer(game.n);
        const label = Rational.of(draws.uniform() < 0.5 ? 1 : -1);
        const point = Array.from({ length: game.n }, (_, at) => {
          const moved = game.eps.times(Rational.of(draws.integer(41) - 20, 20));
          return at === signal ? label.plus(moved) : moved;
        });
        expect(label.times(networkValue(game, network, point)).compare(value)).toBeGreaterThanOrEqual(0);
      }
    },
  );

  test('corners of the box alone would claim too much', () => {
    // At (3/5, 1/3), on an edge of the box, f is 1/15; no corner is below 1/10.
    const game = defineGame(4, Rational.of(2, 5));
    const network: Network = {
      name: 'kinks inside',
      orbits: [
        { direction: [3, -1], bias: Rational.of(-2, 5), coefficient: Rational.one },
        { direction: [1, -2], bias: Rational.zero, coefficient: Rational.one },
      ],
    };
    const claimed = corners(game)
      .map((point) => networkValue(game, network, point))
      .reduce((a, b) => (b.compare(a) < 0 ? b : a));
    expect(claimed.toString()).toBe('1/10');
    expect(worstCase(game, network).value.toString()).toBe('1/15');
    expect(minimumOverVertices(game, network).toString()).toBe('1/15');
  });

  test('a wrong number of coordinates and a negative coefficient are refused', () => {
    const game = defineGame(4, Rational.of(1, 4));
    const orbit = { direction: [1], bias: Rational.zero, coefficient: Rational.one };
    expect(() => worstCase(game, { name: 'short', orbits: [orbit] })).toThrow(/expected 2 integers/);
    const negative = { direction: [1, 0], bias: Rational.zero, coefficient: Rational.of(-1) };
    expect(() => worstCase(game, { name: 'negative', orbits: [negative] })).toThrow(/above 0/);
  });
});

describe('closed forms of named networks, squared margins exactly', () => {
  /** value^2 / cost^2 of a network of one orbit. */
  const marginSquared = (game: Game, network: Network): Rational => {
    const [orbit] = network.orbits;
    if (!orbit) throw new Error('one orbit');
    return worstCase(game, network)
      .value.squared()
      .dividedBy(normSquared(orbit).times(Rational.of(16)));
  };

  test.prop([games(1, 7)], { numRuns: CASES })('conjectured: (1 - 2 eps) / (2 d sqrt(1 + eps^2))', (game) => {
    expect(marginSquared(game, conjecturedNetwork(game)).toString()).toBe(conjecturedMarginSquared(game).toString());
  });

  test.prop([games(1, 7)], { numRuns: CASES })(
    'dense: c0 / (2 sqrt(1 + c0^2)), c0 = (1 - n eps) / sqrt(n), while 2 n eps <= 1',
    (game) => {
      const n = Rational.of(game.n);
      const top = Rational.one.minus(n.times(game.eps));
      fc.pre(top.sign() >= 0 && n.times(game.eps).compare(Rational.of(1, 2)) <= 0);
      const expected = top.squared().dividedBy(n.plus(top.squared()).times(Rational.of(4)));
      expect(marginSquared(game, denseNetwork(game)).toString()).toBe(expected.toString());
    },
  );

  test.prop([games(2, 7)], { numRuns: CASES })(
    'pair: (1 - 4 eps) / (2 n sqrt(2 + 4 eps^2)) up to eps = 1/6',
    (game) => {
      fc.pre(game.eps.compare(Rational.of(1, 6)) <= 0);
      const top = Rational.one.minus(game.eps.times(Rational.of(4)));
      const below = Rational.of(2).plus(game.eps.squared().times(Rational.of(4)));
      const expected = top.squared().dividedBy(below.times(Rational.of(4 * game.n * game.n)));
      expect(marginSquared(game, pairNetwork(game)).toString()).toBe(expected.toString());
    },
  );

  test.prop([games(3, 6)], { numRuns: CASES })(
    'mixed: (N0 + N1 a) / (2 n sqrt(n - 1 + a^2 + b^2)) where it is in use',
    (game) => {
      const e = game.eps;
      // Its own range: a > 0 is preferred, and the conjecture does not hold yet.
      const a = Math.round(preferredMixture(game) * 4);
      fc.pre(a > 0 && (game.n === 3 || e.times(Rational.of(game.n)).compare(Rational.of(6, 5)) <= 0));
      const others = Rational.of(game.n - 1);
      const b0 = Rational.one.minus(others.times(e));
      const n0 = Rational.of(2 * game.n - 3, 2)
        .times(b0)
        .minus(others.times(e).dividedBy(Rational.of(2)));
      const n1 = others.times(e).minus(Rational.of(1, 2));
      const part = Rational.of(a, 4);
      const bias = b0.plus(part.times(e));
      const norm = others.plus(part.squared()).plus(bias.squared());
      const top = n0.plus(n1.times(part));
      const expected = top.squared().dividedBy(norm.times(Rational.of(4 * game.n * game.n)));
      expect(marginSquared(game, mixedNetwork(game, a, 4)).toString()).toBe(expected.toString());
    },
  );

  test('the pair stops beating the conjecture between eps = 0.111 and 0.112', () => {
    const above = (thousandths: number): boolean => {
      const game = defineGame(8, Rational.of(thousandths, 1000));
      const squared = marginSquared(game, pairNetwork(game));
      return squared.compare(conjecturedMarginSquared(game)) > 0;
    };
    expect([above(111), above(112)]).toEqual([true, false]);
  });
});

test('bad games are refused with the argument and its range', () => {
  expect(() => defineGame(3, Rational.zero)).toThrow(/d is 3, expected an even integer of at least 2/);
  expect(() => defineGame(4, Rational.of(1, 2))).toThrow(/eps is 1\/2, expected 0 <= eps < 1\/2/);
  expect(() => defineGame(4, Rational.of(-1, 9))).toThrow(RangeError);
});
