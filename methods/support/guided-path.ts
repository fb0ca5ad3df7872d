/**
 * The path of guided integrated gradients: from the baseline to one image, the coordinates of least
 * gradient first. Plain float64 arithmetic; the gradients come from outside, one step at a time.
 */

export interface GuidedPathSettings {
  readonly steps: number;
  /** Share of the coordinates that still move which go first. */
  readonly fraction: number;
  /** How far a coordinate may run ahead of the straight path or fall behind it, as a share of its way. */
  readonly maxDistance: number;
}

/** One image's path: `shares[k]` is how much of its way from baseline to image coordinate k has done. */
export class GuidedPath {
  readonly shares: Float64Array;
  readonly attribution: Float64Array;
  readonly #way: Float64Array;
  readonly #settings: GuidedPathSettings;
  readonly #length: number;
  #step = 0;

  /** `way` is image less baseline. */
  constructor(way: Float64Array, settings: GuidedPathSettings) {
    this.#way = way;
    this.#settings = settings;
    this.#length = way.reduce((sum, value) => sum + Math.abs(value), 0);
    this.shares = new Float64Array(way.length);
    this.attribution = new Float64Array(way.length);
  }

  /** Moves by 1/steps of the whole L1 way, along the gradient at the present point, and credits what moved. */
  advance(gradient: ArrayLike<number>): void {
    const { steps, fraction, maxDistance } = this.#settings;
    const done = ++this.#step / steps;
    const lowest = Math.max(0, done - maxDistance);
    const highest = Math.min(1, done + maxDistance);
    const target = this.#length * (1 - done);
    const old = this.shares.slice();
    this.shares.forEach((share, k) => {
      if (share < lowest) this.shares[k] = lowest;
    });
    for (;;) {
      const excess = this.#left(1) - target;
      const moving = this.#moving(highest);
      if (excess <= 1e-9 * this.#length || moving.length === 0) break;
      moving.sort((a, b) => Math.abs(gradient[a] ?? 0) - Math.abs(gradient[b] ?? 0));
      const last = moving[Math.floor(fraction * (moving.length - 1))] ?? 0;
      const threshold = Math.abs(gradient[last] ?? 0);
      const chosen = moving.filter((k) => Math.abs(gradient[k] ?? 0) <= threshold);
      const part = Math.min(1, excess / this.#left(highest, chosen));
      for (const k of chosen) this.shares[k] = (this.shares[k] ?? 0) + part * (highest - (this.shares[k] ?? 0));
      if (part === 1) for (const k of chosen) this.shares[k] = highest;
    }
    this.attribution.forEach((value, k) => {
      const moved = (this.shares[k] ?? 0) - (old[k] ?? 0);
      this.attribution[k] = value + moved * (this.#way[k] ?? 0) * (gradient[k] ?? 0);
    });
  }

  /** Coordinates with a way to go before `highest`. */
  #moving(highest: number): number[] {
    return Array.from(this.shares.keys()).filter((k) => this.#way[k] !== 0 && (this.shares[k] ?? 0) < highest);
  }

  /** L1 way from the present shares to the share `end`, of the given coordinates or of all. */
  #left(end: number, coordinates: Iterable<number> = this.shares.keys()): number {
    let sum = 0;
    for (const k of coordinates) sum += Math.abs(this.#way[k] ?? 0) * (end - (this.shares[k] ?? 0));
    return sum;
  }
}
