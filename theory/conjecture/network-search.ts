/**
 * Looks for a network that beats the conjecture where no named one does: a double oracle with HiGHS.
 *
 * The adversary plays points of the box, the network plays neurons. Given points, ascent proposes neurons;
 * given neurons and points, a linear program sets the masses; the exact worst case of the result is the
 * adversary's next point. Neurons are rounded to small integers before they enter, so what comes out is
 * exact as it stands. Nothing here is trusted: the caller compares the exact worst case.
 */
import { Stream } from 'attribench';
import type { Highs } from 'highs';
import { Rational } from '../rigorous/rational.ts';
import { conjecturedMargin, distinctPermutations, type Game, type Network, type NetworkOrbit } from './game.ts';
import { loadHighs, optimum } from './highs.ts';
import { beatsConjecture, conjecturedNetwork, marginBelow, mixedNetwork, normSquared } from './networks.ts';
import { type WorstCase, worstCase } from './worst-case.ts';

export interface NetworkSearchOptions {
  /** Rounds of program, ascent and worst case. */
  readonly rounds: number;
  readonly onProgress?: (note: string) => void;
}

/** Largest entry of a rounded direction, coarse first: small numbers are checked by hand. */
const FINENESS = [12, 40, 120];
/** Larger orbits are left out: their exact worst case takes too long, and nobody checks them by hand. */
const MOST_PERMUTATIONS = 1000;

/** Coefficients are rounded to this many parts of the largest. */
const PARTS = [4, 10, 40, 200];

/** The best network found that certainly beats the conjecture, or undefined. */
export async function findNetwork(
  game: Game,
  options: NetworkSearchOptions,
): Promise<{ readonly network: Network; readonly worst: WorstCase } | undefined> {
  const highs = await loadHighs();
  for (const fineness of FINENESS) {
    const found = searchAt(game, new NetworkSearch(game, highs, fineness), options);
    if (found) return found;
  }
  return undefined;
}

function searchAt(
  game: Game,
  search: NetworkSearch,
  options: NetworkSearchOptions,
): { readonly network: Network; readonly worst: WorstCase } | undefined {
  const own = conjecturedMargin(game);
  const winners: { network: Network; worst: WorstCase; gain: number }[] = [];
  for (let round = 0; round < options.rounds; round++) {
    const solution = search.improve();
    options.onProgress?.(`round ${round + 1}, ${winners.length} better networks`);
    for (const parts of PARTS) {
      const network = search.rounded(solution, parts);
      const worst = worstCase(game, network);
      search.addPoint(worst.point.map((x) => x.toNumber()));
      if (!beatsConjecture(game, network, worst)) continue;
      winners.push({ network, worst, gain: marginBelow(network, worst).toNumber() / own - 1 });
    }
  }
  // Few orbits are worth half of the best gain: the network is there to be checked by hand.
  const best = Math.max(...winners.map(({ gain }) => gain));
  const good = winners.filter(({ gain }) => gain >= best / 2);
  return good.sort((a, b) => a.network.orbits.length - b.network.orbits.length || b.gain - a.gain)[0];
}

interface Solution {
  readonly coefficients: readonly number[];
  readonly attention: readonly number[];
  readonly value: number;
}

class NetworkSearch {
  readonly #game: Game;
  readonly #eps: number;
  readonly #highs: Highs;
  readonly #stream: Stream;
  readonly #fineness: number;
  readonly #neurons: NetworkOrbit[] = [];
  readonly #costs: number[] = [];
  readonly #points: (readonly number[])[] = [];

  constructor(game: Game, highs: Highs, fineness: number) {
    this.#fineness = fineness;
    this.#game = game;
    this.#eps = game.eps.toNumber();
    this.#highs = highs;
    this.#stream = new Stream(['theory', 'conjecture', 'network', game.d, game.eps.toString(), fineness]);
    const { n } = game;
    for (const network of [conjecturedNetwork(game), ...[n - 1, n - 2].map((a) => mixedNetwork(game, a, 2))]) {
      for (const neuron of network.orbits) this.#addNeuron(neuron);
    }
    for (let negatives = 0; negatives < n; negatives++) {
      this.addPoint(
        Array.from({ length: n }, (_, at) => (at === 0 ? 1 - this.#eps : at <= negatives ? -this.#eps : this.#eps)),
      );
    }
  }

  addPoint(point: readonly number[]): void {
    if (permutationCount(point) <= MOST_PERMUTATIONS) this.#points.push(point);
  }

  /** Neurons are added until ascent finds none above the value; then the masses. */
  improve(): Solution {
    let solution = this.#program();
    for (let turn = 0; turn < 6; turn++) {
      const before = this.#neurons.length;
      for (let start = 0; start < 12; start++) this.#ascend(solution.attention, solution.value);
      if (this.#neurons.length === before) break;
      solution = this.#program();
    }
    return solution;
  }

  rounded(solution: Solution, parts: number): Network {
    const largest = Math.max(...solution.coefficients);
    const orbits = this.#neurons.flatMap((neuron, at) => {
      const share = Math.round(((solution.coefficients[at] ?? 0) / largest) * parts);
      return share > 0 ? [{ ...neuron, coefficient: Rational.of(share, parts) }] : [];
    });
    return { name: 'combined', orbits };
  }

  /** max t with sum_o c_o f_o(x) >= t at every point and sum_o c_o cost_o = 1; duals are the adversary's attention. */
  #program(): Solution {
    const columns = this.#neurons.length + 1;
    const starts = [0];
    const indices: number[] = [];
    const values: number[] = [];
    const row = (entries: readonly number[]): void => {
      for (const [at, value] of entries.entries()) {
        indices.push(at);
        values.push(value);
      }
      starts.push(indices.length);
    };
    for (const point of this.#points) row([...this.#neurons.map((neuron) => orbitValue(neuron, point)), -1]);
    row([...this.#costs, 0]);
    const highs = this.#highs;
    const numRows = this.#points.length + 1;
    const { colValue, rowDual } = optimum(
      highs,
      {
        numCols: columns,
        numRows,
        sense: highs.constants.objectiveSense.maximize,
        colCost: [...this.#costs.map(() => 0), 1],
        colLower: [...this.#costs.map(() => 0), -highs.infinity],
        colUpper: new Array<number>(columns).fill(highs.infinity),
        rowLower: [...this.#points.map(() => 0), 1],
        rowUpper: [...this.#points.map(() => highs.infinity), 1],
        matrix: { format: 'csr', numRows, numCols: columns, starts, indices, values },
      },
      'network search',
    );
    return {
      coefficients: [...colValue.slice(0, columns - 1)],
      attention: [...rowDual.slice(0, numRows - 1)].map(Math.abs),
      value: colValue[columns - 1] ?? 0,
    };
  }

  /** Ascent of the attention's mean value over neurons of unit cost, from a random start. */
  #ascend(attention: readonly number[], value: number): void {
    const { n } = this.#game;
    const spread = this.#points.flatMap((point, at) => {
      const mass = attention[at] ?? 0;
      if (mass < 1e-9) return [];
      const permutations = distinctPermutations(point);
      return permutations.map((x) => ({ x, mass: mass / permutations.length }));
    });
    let theta = this.#start();
    let best = theta;
    let highest = 0;
    for (let turn = 0, step = 0.3; turn < 80 && step > 1e-3; turn++) {
      const length = Math.hypot(...theta);
      theta = theta.map((x) => x / length);
      const gradient = new Array<number>(n + 1).fill(0);
      let score = 0;
      for (const { x, mass } of spread) {
        let dot = 0;
        for (let i = 0; i < n; i++) dot += (x[i] ?? 0) * (theta[i] ?? 0);
        const bias = theta[n] ?? 0;
        const plus = dot + bias > 0 ? 1 : 0;
        const minus = bias - dot > 0 ? 1 : 0;
        score += mass * (plus * (dot + bias) - minus * (bias - dot));
        for (let i = 0; i < n; i++) gradient[i] = (gradient[i] ?? 0) + mass * (plus + minus) * (x[i] ?? 0);
        gradient[n] = (gradient[n] ?? 0) + mass * (plus - minus);
      }
      if (score > highest) {
        highest = score;
        best = theta;
      } else step *= 0.8;
      const size = Math.hypot(...gradient) || 1;
      theta = theta.map((x, at) => x * (1 - step) + (step * (gradient[at] ?? 0)) / size);
    }
    // Unit length costs 4, as in the program's last row.
    if (highest / 4 > value * (1 + 1e-4)) this.#addRounded(best);
  }

  /** Half of the starts lie near the conjecture's neuron: where it barely fails, the better one is its neighbour. */
  #start(): number[] {
    const { n } = this.#game;
    const anywhere = this.#stream.uniform() < 0.5;
    return Array.from({ length: n + 1 }, (_, at) => {
      const centre = at === 0 ? 1 : at === n ? -this.#eps : 0;
      return anywhere ? this.#stream.normal() : centre + 0.1 * this.#stream.normal();
    });
  }

  #addRounded(theta: readonly number[]): void {
    const { n, eps } = this.#game;
    const largest = Math.max(...theta.slice(0, n).map(Math.abs));
    if (largest < 1e-6) return;
    const direction = theta.slice(0, n).map((x) => Math.round((x / largest) * this.#fineness) || 0);
    const fine = Number(eps.denominator) * 2;
    const bias = Rational.of(Math.round(((theta[n] ?? 0) / largest) * this.#fineness * fine), fine);
    this.#addNeuron({ direction: direction.sort((a, b) => b - a), bias, coefficient: Rational.one });
  }

  #addNeuron(neuron: NetworkOrbit): void {
    const same = (other: NetworkOrbit): boolean =>
      other.bias.equals(neuron.bias) && other.direction.every((x, at) => x === neuron.direction[at]);
    if (permutationCount(neuron.direction) > MOST_PERMUTATIONS || this.#neurons.some(same)) return;
    this.#neurons.push(neuron);
    this.#costs.push(4 * Math.sqrt(normSquared(neuron).toNumber()));
  }
}

function permutationCount(values: readonly number[]): number {
  const seen = new Map<number, number>();
  // n! / (product of counts!), one factor at a time.
  return values.reduce((count, value, at) => {
    const same = (seen.get(value) ?? 0) + 1;
    seen.set(value, same);
    return (count * (at + 1)) / same;
  }, 1);
}

/** The orbit's mean over permutations of phi(<r,x> + b) - phi(-<r,x> + b). */
function orbitValue({ direction, bias }: NetworkOrbit, point: readonly number[]): number {
  const offset = bias.toNumber();
  const permutations = distinctPermutations(direction);
  let sum = 0;
  for (const r of permutations) {
    const dot = r.reduce((total, x, at) => total + x * (point[at] ?? 0), 0);
    sum += Math.max(0, offset + dot) - Math.max(0, offset - dot);
  }
  return sum / permutations.length;
}
