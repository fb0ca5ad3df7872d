/**
 * The best response to any finite dual measure, enclosed by interval branch and bound.
 *
 * For q with points (x_i, y_i) of weight q_i, the largest margin of any network is at most
 *   max over the sphere of E_q[y w phi(<r, x> + b)] = max over |(r, b)| = 1 of |H(r, b)| / 2,
 *   H(v) = sum_i q_i y_i phi(<p_i, v>), v = (r, b), p_i = (x_i, 1),
 * as H is positively homogeneous and w |(r, b)| <= 1/2. Every direction meets the surface of the cube
 * [-1, 1]^k in one place, so boxes on the faces cover all of them. On a box every ReLU is replaced by a line:
 * exact where its sign is known; the chord where it adds; a line a z, 0 <= a <= 1, below it where it subtracts, with a
 * chosen to make the bound small. That leaves a linear function <g, v>, whose largest value on directions of
 * the box is at most |g|, and at most what it is on the box itself. At a maximum where subtracting units sit on their kink, as in Theorem 1's
 * network, |g| is already the maximum on a box of positive size, so that the search ends.
 *
 * Everything that reaches the result is computed with directed rounding.
 */
import * as ia from '../rigorous/interval.ts';

/** A finite dual measure. */
export interface DualMeasure {
  /** Points x_i, all of one length. */
  readonly points: readonly (readonly number[])[];
  /** y_i, +1 or -1. */
  readonly labels: readonly number[];
  /** q_i >= 0; their sum need not be 1, the bound is then in the same proportion. */
  readonly weights: readonly number[];
}

export interface Enclosure {
  readonly status: 'certified' | 'not certified';
  /** The best response lies in low .. high; high is infinite where not certified. */
  readonly low: number;
  readonly high: number;
  readonly boxes: number;
  /** Why not certified. */
  readonly reason?: string;
}

/** The largest dimension of a neuron (w, r, b) that is searched, after coordinates that are 0 in every point are dropped. */
export const LARGEST_DIMENSION = 6;

/**
 * Encloses the best response to a dual measure to a relative `tolerance`, with at most `limit` boxes.
 *
 * Certified means: no network whatever has a margin above `high` on these points, and some neuron reaches `low`.
 *
 * @throws RangeError for points of different lengths, labels other than +-1 or negative weights.
 */
export function encloseBestResponse(
  measure: DualMeasure,
  { tolerance = 1e-6, limit = 200_000 }: { readonly tolerance?: number; readonly limit?: number } = {},
): Enclosure {
  const rows = reduced(measure);
  const size = rows[0]?.length ?? 1;
  if (size + 1 > LARGEST_DIMENSION) {
    const reason = `a neuron has dimension ${size + 1}, and branch and bound goes up to ${LARGEST_DIMENSION}`;
    return { status: 'not certified', low: 0, high: Number.POSITIVE_INFINITY, boxes: 0, reason };
  }
  const factors = measure.weights.map((weight, i) => weight * (measure.labels[i] ?? 0));
  // |H| is the larger of H and -H: a good neuron of either closes boxes of both.
  const searches = [1, -1].map(
    (sign) =>
      new Search(
        rows,
        factors.map((factor) => sign * factor),
        tolerance,
      ),
  );
  let low = Math.max(...searches.map((search) => search.prime()));
  let high = 0;
  let boxes = 0;
  for (const search of searches) {
    search.low = low;
    if (!search.run(limit - boxes)) {
      const reason = `${limit} boxes did not bring the bound within ${tolerance} of a neuron's value`;
      return {
        status: 'not certified',
        low: ia.nextDown(search.low / 2),
        high: Number.POSITIVE_INFINITY,
        boxes: limit,
        reason,
      };
    }
    boxes += search.boxes;
    low = Math.max(low, search.low);
    high = Math.max(high, search.high);
  }
  // Halving a double is exact but for subnormals.
  return { status: 'certified', low: ia.nextDown(low / 2), high: ia.nextUp(high / 2), boxes };
}

/** The points with a 1 appended for the bias, without coordinates that no point uses. */
function reduced({ points, labels, weights }: DualMeasure): readonly (readonly number[])[] {
  const length = points[0]?.length ?? 0;
  if (points.some((point) => point.length !== length || !point.every(Number.isFinite))) {
    throw new RangeError(
      `[attribench] points have lengths ${points.map((point) => point.length)}, expected equal ones of finite numbers`,
    );
  }
  if (labels.length !== points.length || labels.some((label) => label !== 1 && label !== -1)) {
    throw new RangeError(`[attribench] labels are [${labels}], expected +1 or -1 for each of ${points.length} points`);
  }
  if (
    weights.length !== points.length ||
    weights.some((weight) => !(weight >= 0 && weight < Number.POSITIVE_INFINITY))
  ) {
    throw new RangeError(
      `[attribench] weights are [${weights}], expected numbers from 0 for each of ${points.length} points`,
    );
  }
  const used = Array.from({ length }, (_, k) => k).filter((k) => points.some((point) => point[k] !== 0));
  return points.map((point) => [...used.map((k) => point[k] ?? 0), 1]);
}

/** A box on a face of the cube: coordinate `face` is +1 or -1, the others lie between low and high. */
interface Box {
  readonly face: number;
  readonly low: Float64Array;
  readonly high: Float64Array;
}

class Search {
  /** The largest H on unit vectors found, rounded down. */
  low = 0;
  /** The largest bound of a box that was closed. */
  high = 0;
  boxes = 0;
  readonly #rows: readonly (readonly number[])[];
  readonly #factors: readonly number[];
  readonly #tolerance: number;
  readonly #size: number;
  /** Bounds up to here count as 0, so that a measure to which no neuron responds is recognised. */
  readonly #negligible: number;

  constructor(rows: readonly (readonly number[])[], factors: readonly number[], tolerance: number) {
    this.#rows = rows;
    this.#factors = factors;
    this.#tolerance = tolerance;
    this.#size = rows[0]?.length ?? 1;
    this.#negligible = 2 ** -40 * rows.reduce((sum, row, i) => sum + Math.abs(factors[i] ?? 0) * Math.hypot(...row), 0);
  }

  /** A good neuron first: the bounds' own directions on whole faces point at one. Returns what it reaches. */
  prime(): number {
    for (const box of this.#faces()) this.#bound(box);
    return this.low;
  }

  #faces(): Box[] {
    return Array.from({ length: this.#size }, (_, face) =>
      [1, -1].map((side): Box => {
        const low = new Float64Array(this.#size).fill(-1);
        const high = new Float64Array(this.#size).fill(1);
        low[face] = side;
        high[face] = side;
        return { face, low, high };
      }),
    ).flat();
  }

  /** True when every box was closed within the limit. */
  run(limit: number): boolean {
    const open = this.#faces();
    while (open.length > 0) {
      if (this.boxes >= limit) return false;
      const box = open.pop() as Box;
      this.boxes++;
      const bound = this.#bound(box);
      if (bound <= Math.max(this.low * (1 + this.#tolerance), this.#negligible)) {
        this.high = Math.max(this.high, bound);
        continue;
      }
      open.push(...halves(box));
    }
    // What a neuron reaches is never above the maximum; rounding must not make the enclosure empty.
    this.high = Math.max(this.high, this.low);
    return true;
  }

  /** Raises `low` to H(v) / |v|, rounded down. */
  #tryNeuron(v: Float64Array): void {
    let value = ia.interval(0);
    for (const [i, row] of this.#rows.entries()) {
      const active = ia.positivePart(dot(row, v));
      value = ia.add(value, ia.multiply(ia.interval(this.#factors[i] ?? 0), active));
    }
    if (value.low <= 0 || v.every((entry) => entry === 0)) return;
    this.low = Math.max(this.low, ia.divide(value, length(v)).low);
  }

  /** An upper bound of H on the unit vectors whose direction meets the box. */
  #bound(box: Box): number {
    const { face } = box;
    const side = box.low[face] ?? 1;
    // g = fixed + sum over free units of a_i times their row, a_i in 0 .. 1.
    let fixed = Array.from({ length: this.#size }, () => ia.interval(0));
    const free: { readonly row: readonly number[]; readonly factor: number }[] = [];
    for (const [i, row] of this.#rows.entries()) {
      const factor = this.#factors[i] ?? 0;
      const range = rangeOf(row, box);
      if (factor === 0 || range.high <= 0) continue;
      if (range.low >= 0) {
        fixed = accumulate(fixed, row, ia.interval(factor));
      } else if (factor > 0) {
        // phi(z) <= slope z + offset at both ends, hence between them; v_face = +-1 carries the offset.
        const slope = Math.min(1, range.high / (range.high - range.low));
        const offset = Math.max(ia.nextUp(-slope * range.low), ia.nextUp(range.high - ia.nextDown(slope * range.high)));
        fixed = accumulate(fixed, row, ia.multiply(ia.interval(factor), ia.interval(slope)));
        const shift = ia.multiply(ia.interval(factor), ia.interval(offset * side));
        fixed[face] = ia.add(fixed[face] ?? shift, shift);
      } else {
        free.push({ row, factor });
      }
    }
    const shares = leastNorm(
      fixed.map(({ low, high }) => (low + high) / 2),
      free,
    );
    for (const [i, { row, factor }] of free.entries()) {
      fixed = accumulate(fixed, row, ia.multiply(ia.interval(factor), ia.interval(shares[i] ?? 0)));
    }
    this.#tryNeuron(Float64Array.from(fixed, ({ low, high }) => (low + high) / 2));
    return Math.min(length(fixed).high, largestOn(box, fixed));
  }
}

/** An upper bound of <g, v> / |v| over the box. */
function largestOn({ low, high }: Box, g: readonly ia.Interval[]): number {
  let product = ia.interval(0);
  let squares = ia.interval(0);
  for (const [k, entry] of g.entries()) {
    const v = { low: low[k] ?? 0, high: high[k] ?? 0 };
    product = ia.add(product, ia.multiply(entry, v));
    squares = ia.add(squares, ia.square(v));
  }
  // |v| is at least 1 on the faces of the cube.
  const norm = ia.squareRoot({ low: Math.max(1, squares.low), high: Math.max(1, squares.high) });
  return product.high <= 0 ? 0 : ia.divide(ia.interval(product.high), norm).high;
}

/** Shares a_i in 0 .. 1 that make |g + sum a_i factor_i row_i| small, by sweeps over them; any shares are valid. */
function leastNorm(
  start: readonly number[],
  free: readonly { readonly row: readonly number[]; readonly factor: number }[],
): Float64Array {
  const shares = new Float64Array(free.length).fill(0.5);
  const g = [...start];
  const move = (i: number, by: number) => {
    const { row, factor } = free[i] as (typeof free)[number];
    for (let k = 0; k < g.length; k++) g[k] = (g[k] ?? 0) + by * factor * (row[k] ?? 0);
  };
  for (let i = 0; i < free.length; i++) move(i, 0.5);
  for (let sweep = 0; sweep < 60; sweep++) {
    let moved = 0;
    for (const [i, { row, factor }] of free.entries()) {
      const slope = row.reduce((sum, value, k) => sum + factor * value * (g[k] ?? 0), 0);
      const curvature = factor * factor * row.reduce((sum, value) => sum + value * value, 0);
      const before = shares[i] ?? 0;
      const next = Math.min(1, Math.max(0, before - slope / curvature));
      move(i, next - before);
      shares[i] = next;
      moved = Math.max(moved, Math.abs(next - before));
    }
    if (moved < 1e-14) break;
  }
  return shares;
}

function halves(box: Box): readonly Box[] {
  let widest = -1;
  let width = -1;
  for (let k = 0; k < box.low.length; k++) {
    const here = (box.high[k] ?? 0) - (box.low[k] ?? 0);
    if (k !== box.face && here > width) [widest, width] = [k, here];
  }
  const middle = ((box.low[widest] ?? 0) + (box.high[widest] ?? 0)) / 2;
  const [left, right] = [box.high.slice(), box.low.slice()];
  left[widest] = middle;
  right[widest] = middle;
  return [
    { ...box, high: left },
    { ...box, low: right },
  ];
}

/** <row, v> over the box. */
function rangeOf(row: readonly number[], { low, high }: Box): ia.Interval {
  let from = 0;
  let to = 0;
  for (let k = 0; k < row.length; k++) {
    const factor = row[k] ?? 0;
    if (factor === 0) continue;
    const [a, b] = factor > 0 ? [low[k] ?? 0, high[k] ?? 0] : [high[k] ?? 0, low[k] ?? 0];
    from = ia.nextDown(from + ia.nextDown(factor * a));
    to = ia.nextUp(to + ia.nextUp(factor * b));
  }
  return { low: from, high: to };
}

function dot(row: readonly number[], v: Float64Array): ia.Interval {
  return rangeOf(row, { face: 0, low: v, high: v });
}

function accumulate(sum: readonly ia.Interval[], row: readonly number[], factor: ia.Interval): ia.Interval[] {
  return sum.map((entry, k) => (row[k] === 0 ? entry : ia.add(entry, ia.multiply(factor, ia.interval(row[k] ?? 0)))));
}

function length(vector: Float64Array | readonly ia.Interval[]): ia.Interval {
  let squares = ia.interval(0);
  for (const entry of vector)
    squares = ia.add(squares, ia.square(typeof entry === 'number' ? ia.interval(entry) : entry));
  return ia.squareRoot({ low: Math.max(0, squares.low), high: squares.high });
}
