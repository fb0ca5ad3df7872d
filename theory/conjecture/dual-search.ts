/**
 * Looks for a dual measure that certifies the conjecture: linear programming with cuts, in floating point.
 *
 * The measure lives on points (1 - eps; eps s) of the box, s of signs and perhaps zeros; its unknowns are
 * the masses p_k of the orbits. Corners are tried first: fewer points, a quicker proof. For a direction theta the bound asks sum_k p_k F_k(theta) <= g |theta|. The program
 * asks for more, g |theta| (1 - sigma phi) with phi the angle to the conjecture's own neuron, and maximises
 * sigma: a measure well inside the feasible set survives rounding to small integers and is quick to certify.
 * Violated directions come from ascent, and from the rigorous proof when it fails. Nothing here is trusted.
 */
import { Stream } from 'attribench';
import type { Highs } from 'highs';
import { proveConeBound } from './cone-bound.ts';
import { type DualOrbit, distinctPermutations, type Game } from './game.ts';
import { loadHighs } from './highs.ts';

export interface DualSearchOptions {
  /** Cones that one attempt at a proof may look at. */
  readonly maximalCones: number;
  /** Attempts at a proof, each with new cuts or finer weights. */
  readonly attempts: number;
  readonly onProgress?: (note: string) => void;
}

export interface FoundDual {
  readonly dual: readonly DualOrbit[];
  /** The proof that the conjecture is optimal, or undefined: then the measure is only the most promising. */
  readonly proof: { readonly cones: number; readonly depth: number } | undefined;
}

interface Cut {
  readonly values: readonly number[];
  readonly angle: number;
}

interface Candidate {
  readonly masses: readonly number[];
  readonly slack: number;
}

/** A measure that proves the conjecture at this point, or the last one tried. */
export async function findDual(game: Game, options: DualSearchOptions): Promise<FoundDual> {
  const highs = await loadHighs();
  const corners = attempt(game, new DualSearch(game, highs, false), options);
  if (corners.proof || game.n > MOST_WITH_ZEROS) return corners;
  return attempt(game, new DualSearch(game, highs, true), options);
}

function attempt(game: Game, search: DualSearch, options: DualSearchOptions): FoundDual {
  let dual: readonly DualOrbit[] = [];
  for (let turn = 0; turn < options.attempts; turn++) {
    const { masses, slack } = search.solve();
    options.onProgress?.(`slack ${slack.toPrecision(3)}`);
    dual = wholeWeights(search.orbits, masses, FINENESS[Math.min(turn, FINENESS.length - 1)] ?? 1000);
    if (slack < LEAST_SLACK) break;
    const result = proveConeBound(game, dual, {
      maximalCones: options.maximalCones,
      onProgress: (cones) => options.onProgress?.(`${cones} cones`),
    });
    if (result.proved) return { dual, proof: { cones: result.cones, depth: result.depth } };
    options.onProgress?.(`${result.why} after ${result.cones} cones`);
    if (result.direction) search.addCut(result.direction);
    else break;
  }
  return { dual, proof: undefined };
}

/** Zeros among the signs make 3^(n-1) points of 2^(n-1): too many to search beyond this n. */
const MOST_WITH_ZEROS = 6;

/** Below this a proof is unlikely to end in the cones that it may use. */
const LEAST_SLACK = 0.02;

/** Orbit masses are rounded to this many parts, coarse first: small weights are easy to read. */
const FINENESS = [40, 120, 400, 1000];

class DualSearch {
  readonly #n: number;
  readonly #eps: number;
  readonly #target: number;
  readonly #highs: Highs;
  readonly #stream: Stream;
  readonly orbits: readonly (readonly number[])[];
  /** Points of each orbit for every signal coordinate, one after the other, n numbers a point. */
  readonly #points: readonly Float64Array[];
  readonly #kink: readonly number[];
  readonly #cuts: Cut[] = [];
  readonly #directions: (readonly number[])[] = [];

  constructor(game: Game, highs: Highs, withZeros: boolean) {
    this.#n = game.n;
    this.#eps = game.eps.toNumber();
    this.#highs = highs;
    this.#stream = new Stream(['theory', 'conjecture', 'dual', game.d, game.eps.toString()]);
    this.#target = (1 - 2 * this.#eps) / Math.sqrt(1 + this.#eps * this.#eps);
    this.orbits = signOrbits(game.n, withZeros);
    this.#points = this.orbits.map((signs) => orbitPoints(game.n, this.#eps, signs));
    this.#kink = unit([1, ...new Array<number>(game.n - 1).fill(0), -this.#eps]);
    this.#seed();
  }

  /** Alternates program and separation until no violated direction is found. */
  solve(): Candidate {
    let candidate = this.#program();
    for (let round = 0; round < 30 && candidate.slack > -0.5; round++) {
      const before = this.#cuts.length;
      for (let start = 0; start < 40; start++) {
        this.#ascend(candidate, this.#start());
        this.#ascendNearKink(candidate);
      }
      if (this.#cuts.length === before) break;
      candidate = this.#program();
    }
    return candidate;
  }

  addCut(direction: readonly number[]): void {
    const theta = canonical(unit(direction));
    const angle = this.#angle(theta);
    if (angle < 1e-5) return;
    const near = 1e-8 * Math.min(1, angle * angle * 1e3);
    if (this.#directions.some((other) => squaredDistance(other, theta) < near)) return;
    this.#directions.push(theta);
    this.#cuts.push({ values: this.#points.map((points) => this.#evaluate(points, theta).value), angle });
  }

  #seed(): void {
    const n = this.#n;
    for (let ones = 1; ones <= n; ones++) {
      for (const bias of [-2, -1, -0.5, -0.3, 0, 0.3, 1, -this.#eps * ones]) {
        for (const [inside, outside] of [
          [1, 0],
          [1, -0.5],
          [-1, 0],
        ] as const) {
          this.addCut([...Array.from({ length: n }, (_, at) => (at < ones ? inside : outside)), bias]);
        }
      }
    }
    for (let i = 0; i < 200; i++) this.addCut(this.#kink.map(() => this.#stream.normal()));
    for (let i = 0; i < 300; i++) this.addCut(this.#kink.map((x) => x + 0.01 * this.#stream.normal()));
  }

  #program(): Candidate {
    const orbits = this.orbits.length;
    const starts = [0];
    const indices: number[] = [];
    const values: number[] = [];
    for (const cut of this.#cuts) {
      for (const [k, value] of cut.values.entries()) {
        indices.push(k);
        values.push(value);
      }
      indices.push(orbits);
      values.push(this.#target * Math.min(cut.angle, 0.5));
      starts.push(indices.length);
    }
    for (let k = 0; k < orbits; k++) {
      indices.push(k);
      values.push(1);
    }
    starts.push(indices.length);
    const highs = this.#highs;
    const solution = highs.withModel(
      {
        numCols: orbits + 1,
        numRows: this.#cuts.length + 1,
        sense: highs.constants.objectiveSense.maximize,
        colCost: [...new Array<number>(orbits).fill(0), 1],
        colLower: [...new Array<number>(orbits).fill(0), -100],
        colUpper: [...new Array<number>(orbits).fill(1), 100],
        rowLower: [...this.#cuts.map(() => -highs.infinity), 1],
        rowUpper: [...this.#cuts.map(() => this.#target), 1],
        matrix: { format: 'csr', numRows: this.#cuts.length + 1, numCols: orbits + 1, starts, indices, values },
      },
      (model) => {
        model.run();
        if (model.getModelStatus() !== highs.constants.modelStatus.optimal) {
          throw new Error(
            `[attribench] dual search: HiGHS ended with status ${model.getModelStatus()}, expected optimal`,
          );
        }
        return model.getSolution();
      },
    );
    return {
      masses: [...solution.colValue.slice(0, orbits)],
      slack: solution.colValue[orbits] ?? Number.NEGATIVE_INFINITY,
    };
  }

  #start(): number[] {
    const choice = this.#stream.uniform();
    if (choice < 0.4) return this.#kink.map(() => this.#stream.normal());
    if (choice < 0.7) {
      const known = this.#directions[this.#stream.integer(this.#directions.length)] ?? this.#kink;
      return known.map((x) => x + 0.1 * this.#stream.normal());
    }
    if (choice < 0.85) return this.#kink.map((x) => x + 0.15 * this.#stream.normal());
    const ones = 1 + this.#stream.integer(this.#n);
    return this.#kink.map((_, at) => {
      if (at === this.#n) return -2 * this.#stream.uniform();
      if (at < ones) return 1;
      return this.#stream.uniform() < 0.5 ? -this.#stream.uniform() : 0;
    });
  }

  #ascend({ masses, slack }: Candidate, start: readonly number[]): void {
    let theta = unit(start);
    let best = theta;
    let highest = Number.NEGATIVE_INFINITY;
    for (let step = 0.3, turn = 0; turn < 60 && step > 1e-3; turn++) {
      const { value, gradient } = this.#mixture(masses, theta);
      const excess = value / this.#target - 1 + slack * Math.min(this.#angle(theta), 0.5);
      if (excess > highest) {
        highest = excess;
        best = theta;
      } else step *= 0.8;
      theta = towards(theta, gradient, step);
    }
    if (highest > 1e-5) this.addCut(best);
  }

  /** Ascent of F - <grad F, theta> over directions at right angles to the kink atom, a small way off. */
  #ascendNearKink({ masses, slack }: Candidate): void {
    const off = 0.002;
    const tangent = (v: readonly number[]): number[] => {
      const share = dot(v, this.#kink);
      return unit(v.map((x, at) => x - share * (this.#kink[at] ?? 0)));
    };
    const nearby = (v: readonly number[]): number[] => this.#kink.map((x, at) => x + off * (v[at] ?? 0));
    let direction = tangent(this.#kink.map(() => this.#stream.normal()));
    let best = direction;
    let highest = Number.NEGATIVE_INFINITY;
    for (let step = 0.4, turn = 0; turn < 80 && step > 1e-3; turn++) {
      const { value, gradient } = this.#mixture(masses, nearby(direction));
      const excess = (value / this.#target - 1) / off + slack;
      if (excess > highest) {
        highest = excess;
        best = direction;
      } else step *= 0.85;
      const rest = gradient.map((x, at) => x - this.#target * (this.#kink[at] ?? 0));
      direction = tangent(towards(direction, rest, step));
    }
    if (highest > 1e-3) this.addCut(nearby(best));
  }

  #mixture(masses: readonly number[], theta: readonly number[]): { value: number; gradient: number[] } {
    const gradient = new Array<number>(this.#n + 1).fill(0);
    let value = 0;
    for (const [k, points] of this.#points.entries()) {
      const mass = masses[k] ?? 0;
      if (mass < 1e-12) continue;
      const own = this.#evaluate(points, theta);
      value += mass * own.value;
      for (const [at, x] of own.gradient.entries()) gradient[at] = (gradient[at] ?? 0) + mass * x;
    }
    return { value, gradient };
  }

  /** F_k and its gradient: the mean over the orbit's sign patterns, summed over signal coordinates. */
  #evaluate(points: Float64Array, theta: readonly number[]): { value: number; gradient: Float64Array } {
    const n = this.#n;
    const count = points.length / n;
    const r = Float64Array.from(theta);
    const bias = at(r, n);
    const gradient = new Float64Array(n + 1);
    let value = 0;
    for (let k = 0, base = 0; k < count; k++, base += n) {
      let product = 0;
      for (let i = 0; i < n; i++) product += at(points, base + i) * at(r, i);
      const plus = product + bias;
      const minus = bias - product;
      if (plus <= 0 && minus <= 0) continue;
      const active = (plus > 0 ? 1 : 0) + (minus > 0 ? 1 : 0);
      value += (plus > 0 ? plus : 0) - (minus > 0 ? minus : 0);
      for (let i = 0; i < n; i++) gradient[i] = at(gradient, i) + active * at(points, base + i);
      if (active === 1) gradient[n] = at(gradient, n) + (plus > 0 ? 1 : -1);
    }
    // An orbit holds n points, one a signal coordinate, for each sign pattern.
    const patterns = count / n;
    for (let i = 0; i <= n; i++) gradient[i] = at(gradient, i) / patterns;
    return { value: value / patterns, gradient };
  }

  #angle(theta: readonly number[]): number {
    return Math.acos(Math.min(1, Math.max(-1, dot(canonical(theta), this.#kink))));
  }
}

/** Orbits of signs: k negatives and z zeros among n - 1, z = 0 unless zeros are wanted. */
function signOrbits(n: number, withZeros: boolean): number[][] {
  return Array.from({ length: withZeros ? n : 1 }, (_, zeros) =>
    Array.from({ length: n - zeros }, (__, negatives) =>
      Array.from({ length: n - 1 }, (___, at) => (at < negatives ? -1 : at < negatives + zeros ? 0 : 1)),
    ),
  ).flat();
}

function orbitPoints(n: number, eps: number, signs: readonly number[]): Float64Array {
  const points = distinctPermutations(signs).flatMap((rest) =>
    Array.from({ length: n }, (_, j) => [
      ...rest.slice(0, j).map((s) => eps * s),
      1 - eps,
      ...rest.slice(j).map((s) => eps * s),
    ]),
  );
  return Float64Array.from(points.flat());
}

/** Integer weights of single points, in proportion to orbit masses rounded to `parts` parts. */
function wholeWeights(all: readonly (readonly number[])[], masses: readonly number[], parts: number): DualOrbit[] {
  const orbits = all.map((signs, k) => ({
    signs,
    size: distinctPermutations(signs).length,
    share: Math.round((masses[k] ?? 0) * parts),
  }));
  const used = orbits.filter(({ share }) => share > 0);
  const common = used.reduce((product, { size }) => (product / divisorOf(product, size)) * size, 1);
  const weights = used.map(({ size, share }) => (share * common) / size);
  const divisor = weights.reduce(divisorOf, 0);
  return used.map(({ signs }, at) => ({ signs, weight: (weights[at] ?? 0) / divisor }));
}

function divisorOf(a: number, b: number): number {
  return b === 0 ? a : divisorOf(b, a % b);
}

/** Coordinates in descending order, bias last: F is permutation invariant. */
function canonical(theta: readonly number[]): number[] {
  return [...theta.slice(0, -1).sort((a, b) => b - a), theta[theta.length - 1] ?? 0];
}

function towards(theta: readonly number[], gradient: ArrayLike<number>, step: number): number[] {
  const aim = unit(Array.from(gradient));
  return unit(theta.map((x, at) => x * (1 - step) + step * (aim[at] ?? 0)));
}

function unit(v: readonly number[]): number[] {
  const length = Math.sqrt(dot(v, v));
  return length > 0 ? v.map((x) => x / length) : [...v];
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, x, at) => sum + x * (b[at] ?? 0), 0);
}

function squaredDistance(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, x, at) => sum + (x - (b[at] ?? 0)) ** 2, 0);
}

// In range by construction.
function at(values: Float64Array, index: number): number {
  return values[index] as number;
}
