/**
 * Masses of orbits by cuts: the linear program in turn with ascent, which looks for directions that violate its answer.
 */
import { Stream } from 'attribench';
import type { Highs } from 'highs';
import type { Game } from '../game.ts';
import { canonical, dot, squaredDistance, towards, unit } from './directions.ts';
import { OrbitFunctions } from './orbit-functions.ts';
import { type Candidate, type Cut, solveProgram } from './program.ts';

export class DualSearch {
  readonly #n: number;
  readonly #eps: number;
  readonly #target: number;
  readonly #highs: Highs;
  readonly #stream: Stream;
  readonly #functions: OrbitFunctions;
  readonly #kink: readonly number[];
  readonly #cuts: Cut[] = [];
  readonly #directions: (readonly number[])[] = [];

  constructor(game: Game, highs: Highs, withZeros: boolean) {
    this.#n = game.n;
    this.#eps = game.eps.toNumber();
    this.#highs = highs;
    this.#stream = new Stream(['theory', 'conjecture', 'dual', game.d, game.eps.toString()]);
    this.#target = (1 - 2 * this.#eps) / Math.sqrt(1 + this.#eps * this.#eps);
    this.#functions = new OrbitFunctions(game, withZeros);
    this.#kink = unit([1, ...new Array<number>(game.n - 1).fill(0), -this.#eps]);
    this.#seed();
  }

  /** The signs of each orbit that may have mass. */
  get orbits(): readonly (readonly number[])[] {
    return this.#functions.orbits;
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
    this.#cuts.push({ values: this.#functions.values(theta), angle });
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
    return solveProgram(this.#highs, this.#cuts, this.orbits.length, this.#target);
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
      const { value, gradient } = this.#functions.mixture(masses, theta);
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
      const { value, gradient } = this.#functions.mixture(masses, nearby(direction));
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

  #angle(theta: readonly number[]): number {
    return Math.acos(Math.min(1, Math.max(-1, dot(canonical(theta), this.#kink))));
  }
}
