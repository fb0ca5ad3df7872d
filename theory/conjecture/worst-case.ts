/**
 * The exact worst case of a symmetric network over the adversary's box, in integers of any size.
 *
 * f is piecewise linear, so its minimum over the box lies on a vertex of the box cut by all activation
 * hyperplanes; corners of the box alone are not enough. By symmetry the box y = +1, j = 1 with
 * x_2 >= .. >= x_n is enough: a prism, cut into n simplices. On a simplex, terms +phi whose kink it does
 * not hold are linear and terms -phi are concave, so if all terms +phi are decided the minimum is at a
 * vertex. Otherwise phi(t) >= alpha t bounds f from below at the vertices; where that does not reach the
 * best value found, the simplex is cut exactly on the kink. One kink is followed until it is decided, and
 * decided it stays, so this ends; the smallest vertex value is then the minimum itself.
 */
import { greatestCommonDivisor } from '../rigorous/divisors.ts';
import { Rational } from '../rigorous/rational.ts';
import { distinctPermutations, type Game, type Network } from './game.ts';

export interface WorstCase {
  /** min over the box of y f(x), unnormalised as the network is. */
  readonly value: Rational;
  /** Where: n coordinates, the first is the signal's, y = +1. */
  readonly point: readonly Rational[];
  /** Simplices looked at. */
  readonly simplices: number;
}

/** A point x = coordinates / scale. */
interface Vertex {
  readonly coordinates: readonly bigint[];
  readonly scale: bigint;
  /** Preactivations of all terms, times the vertex's scale and the network's denominator. */
  readonly plus: readonly bigint[];
  readonly minus: readonly bigint[];
  /** f times the vertex's scale and the network's denominator. */
  readonly value: bigint;
}

interface Unit {
  readonly direction: readonly bigint[];
  readonly bias: bigint;
}

/** The smallest value of the network over all boxes; RangeError where a direction has not n entries. */
export function worstCase(game: Game, network: Network): WorstCase {
  const { units, denominator } = integerUnits(game, network);
  const stack = prism(game).map((points) => ({
    vertices: points.map((coordinates) => vertexAt(coordinates, game.eps.denominator, units)),
    following: -1,
  }));
  let best = lowest(stack.flatMap(({ vertices }) => vertices));
  let simplices = 0;
  for (let simplex = stack.pop(); simplex; simplex = stack.pop()) {
    simplices += 1;
    const { vertices } = simplex;
    const open = undecided(vertices);
    if (cannotImprove(vertices, open, best)) continue;
    const following = open.includes(simplex.following) ? simplex.following : mostOpen(vertices, open);
    const { first, second } = crossedEdge(vertices, following);
    const middle = onHyperplane(vertices, first, second, following, units);
    best = lowest([best, middle]);
    for (const replaced of [first, second]) {
      stack.push({ vertices: vertices.map((old, at) => (at === replaced ? middle : old)), following });
    }
  }
  return {
    value: Rational.of(best.value, best.scale * denominator),
    point: best.coordinates.map((x) => Rational.of(x, best.scale)),
    simplices,
  };
}

/** f(x) by its definition, over all permutations of every orbit: the slow twin, and for checks by hand. */
export function networkValue({ n }: Game, network: Network, point: readonly Rational[]): Rational {
  let sum = Rational.zero;
  for (const { direction, bias, coefficient } of network.orbits) {
    const permutations = distinctPermutations(direction);
    let orbit = Rational.zero;
    for (const r of permutations) {
      let dot = Rational.zero;
      for (let i = 0; i < n; i++) dot = dot.plus(Rational.of(r[i] ?? 0).times(point[i] ?? Rational.zero));
      orbit = orbit.plus(bias.plus(dot).positivePart()).minus(bias.minus(dot).positivePart());
    }
    sum = sum.plus(orbit.times(coefficient).dividedBy(Rational.of(permutations.length)));
  }
  return sum;
}

/** All units with weights absorbed: phi is positively homogeneous, so every output weight becomes 1/denominator. */
function integerUnits({ n }: Game, network: Network): { units: readonly Unit[]; denominator: bigint } {
  const factors = network.orbits.map(({ direction, coefficient, bias }) => {
    if (direction.length !== n || direction.some((x) => !Number.isSafeInteger(x))) {
      throw new RangeError(`[attribench] network ${network.name}: direction is [${direction}], expected ${n} integers`);
    }
    if (coefficient.sign() <= 0) {
      throw new RangeError(`[attribench] network ${network.name}: coefficient is ${coefficient}, expected above 0`);
    }
    const permutations = distinctPermutations(direction);
    return { permutations, bias, factor: coefficient.dividedBy(Rational.of(permutations.length)) };
  });
  const denominator = factors.reduce((product, { factor, bias }) => {
    const own = factor.denominator * bias.denominator;
    return (product / greatestCommonDivisor(product, own)) * own;
  }, 1n);
  const units = factors.flatMap(({ permutations, bias, factor }) => {
    const scale = factor.times(Rational.of(denominator)).numerator;
    return permutations.map((r) => ({
      direction: r.map((x) => BigInt(x) * scale),
      bias: bias.times(Rational.of(scale)).numerator,
    }));
  });
  return { units, denominator };
}

/** The prism [1-eps, 1+eps] x {eps >= x_2 >= .. >= x_n >= -eps} as n simplices, coordinates times q. */
function prism({ n, eps }: Game): bigint[][][] {
  const p = eps.numerator;
  const q = eps.denominator;
  const corner = (signal: bigint, positive: number): bigint[] => [
    signal,
    ...Array.from({ length: n - 1 }, (_, at) => (at < positive ? p : -p)),
  ];
  return Array.from({ length: n }, (_, turn) =>
    Array.from({ length: n + 1 }, (__, at) => (at <= turn ? corner(q - p, at) : corner(q + p, at - 1))),
  );
}

function vertexAt(coordinates: readonly bigint[], scale: bigint, units: readonly Unit[]): Vertex {
  const plus: bigint[] = [];
  const minus: bigint[] = [];
  let value = 0n;
  for (const { direction, bias } of units) {
    let dot = 0n;
    for (const [i, x] of coordinates.entries()) dot += (direction[i] ?? 0n) * x;
    const offset = bias * scale;
    const a = offset + dot;
    const b = offset - dot;
    plus.push(a);
    minus.push(b);
    if (a > 0n) value += a;
    if (b > 0n) value -= b;
  }
  return { coordinates, scale, plus, minus, value };
}

/** Terms +phi that are positive on one vertex and negative on another. */
function undecided(vertices: readonly Vertex[]): number[] {
  const open: number[] = [];
  for (let k = 0; k < (vertices[0]?.plus.length ?? 0); k++) {
    const signs = vertices.map(({ plus }) => plus[k] ?? 0n);
    if (signs.some((t) => t > 0n) && signs.some((t) => t < 0n)) open.push(k);
  }
  return open;
}

/** True when the bound from below at the vertices is at least the best value found. */
function cannotImprove(vertices: readonly Vertex[], open: readonly number[], best: Vertex): boolean {
  const slopes = open.map((k) => vertices.reduce((sum, { plus }) => sum + (plus[k] ?? 0n), 0n) > 0n);
  return vertices.every(({ plus, value, scale }) => {
    let bound = value;
    for (const [index, k] of open.entries()) {
      const t = plus[k] ?? 0n;
      // phi(t) is replaced by t where the slope is 1, by 0 where it is 0.
      if (slopes[index] ? t < 0n : t > 0n) bound -= t < 0n ? -t : t;
    }
    return bound * best.scale >= best.value * scale;
  });
}

function mostOpen(vertices: readonly Vertex[], open: readonly number[]): number {
  let most = open[0] ?? 0;
  let largest = -1;
  for (const k of open) {
    const values = vertices.map(({ plus, scale }) => Number(plus[k] ?? 0n) / Number(scale));
    const error = Math.min(Math.max(...values), -Math.min(...values));
    if (error > largest) {
      largest = error;
      most = k;
    }
  }
  return most;
}

function crossedEdge(vertices: readonly Vertex[], k: number): { first: number; second: number } {
  return {
    first: vertices.findIndex(({ plus }) => (plus[k] ?? 0n) > 0n),
    second: vertices.findIndex(({ plus }) => (plus[k] ?? 0n) < 0n),
  };
}

/** The point of an edge where unit k's preactivation is exactly 0. */
function onHyperplane(
  vertices: readonly Vertex[],
  first: number,
  second: number,
  k: number,
  units: readonly Unit[],
): Vertex {
  const a = vertices[first];
  const b = vertices[second];
  if (!a || !b) throw new Error('[attribench] worst case: an undecided unit must change sign on an edge');
  const s = -(b.plus[k] ?? 0n);
  const t = a.plus[k] ?? 0n;
  const combined = a.coordinates.map((x, i) => s * x + t * (b.coordinates[i] ?? 0n));
  const scale = s * a.scale + t * b.scale;
  const divisor = combined.reduce(greatestCommonDivisor, scale);
  return vertexAt(
    combined.map((x) => x / divisor),
    scale / divisor,
    units,
  );
}

function lowest(vertices: readonly Vertex[]): Vertex {
  return vertices.reduce((low, vertex) => (vertex.value * low.scale < low.value * vertex.scale ? vertex : low));
}
