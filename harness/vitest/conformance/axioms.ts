/**
 * The axioms that a method may claim, each as a property of random small ReLU networks.
 *
 * Each property throws one sentence with the numbers when it is violated. Expected values come from
 * float64 arithmetic on the plain layers, never from the network under test. Tolerances are relative
 * to the map's own size and cover float32 alone, but for completeness, which leaves room for the
 * error of numerical integration.
 */
import fc from 'fast-check';
import type { Axiom, ImageShape } from '../../contracts.ts';
import { type Stream, stream } from '../../random.ts';
import { at, combine, type Dense, type DenseNetwork, evaluate, mapDense, randomNetwork, rewrite } from './dense.ts';
import { explainDense, referenceImages, type Subject } from './subject.ts';

const CLASSES = 3;
const ROUNDING = 1e-4;
/** Star discrepancy of a rule of 50 points on [0, 1], with a little to spare (midpoint: 1/100, Gauss-Legendre: 1/64). */
const DISCREPANCY = 1 / 60;

/** One random case: what the property draws its numbers from, and the sizes of its networks. */
interface Case {
  readonly numbers: Stream;
  readonly shape: ImageShape;
  readonly hidden: readonly number[];
}

type Property = (subject: Subject, of: Case) => Promise<void>;

/** Checks one axiom on `runs` random cases; rejects with the smallest counterexample found. */
export async function checkAxiom(subject: Subject, axiom: Axiom, { runs = 12, seed = 1 } = {}): Promise<void> {
  const cases = fc.record({
    name: fc.nat(),
    shape: fc.constantFrom<ImageShape[]>([4, 4, 1], [5, 4, 1], [4, 6, 3]),
    hidden: fc.array(fc.integer({ min: 3, max: 8 }), { minLength: 1, maxLength: 2 }),
  });
  const property = fc.asyncProperty(cases, ({ name, shape, hidden }) =>
    PROPERTIES[axiom](subject, { numbers: stream('conformance', axiom, name), shape, hidden }),
  );
  await fc.assert(property, { numRuns: runs, seed });
}

const PROPERTIES: { readonly [axiom in Axiom]: Property } = {
  /**
   * The map sums to logit_c(x) - logit_c(baseline): Sundararajan et al. 2017, proposition 1. With biases up to what 50
   * points of numerical integration guarantee, without them to rounding. A method that requires reference images and
   * has no parameter `baseline` is measured against their mean logit.
   */
  completeness: async (subject, of) => {
    const biased = network(of);
    const references = 'baseline' in subject.parameters ? undefined : referenceImages(subject.method, of.shape);
    const baselines = references ?? [image(of).map(() => baselineOf(subject))];
    for (const layers of [biased, withoutBias(biased)]) {
      const { x, c, map } = await explain(subject, of, layers);
      const logit = (point: readonly number[]) => at(evaluate(layers, point), c);
      const expected = logit(x) - mean(baselines.map(logit));
      const unsure = mean(baselines.map((baseline) => slopeVariation(logit, baseline, x))) * DISCREPANCY;
      expectSum(subject, 'completeness', map, expected, unsure);
    }
  },

  /**
   * Where one coordinate alone differs from the baseline, and the logit with it, its attribution is
   * not zero: Sundararajan et al. 2017, section 2.1, with their saturating logit s min(x_i, t).
   */
  sensitivity: async (subject, of) => {
    const size = sizeOf(of);
    const i = of.numbers.integer(size);
    const base = baselineOf(subject);
    const between = (low: number, high: number) => base + (1 - base) * (low + (high - low) * of.numbers.uniform());
    const threshold = between(0.2, 0.5);
    const x = Array.from({ length: size }, (_, k) => (k === i ? between(0.6, 1) : base));
    const slopes = signed(of.numbers, CLASSES);
    const saturating: DenseNetwork = [
      { kernel: x.map((_, k) => [k === i ? -1 : 0]), bias: [threshold] },
      { kernel: [slopes.map((s) => -s)], bias: slopes.map((s) => s * threshold) },
    ];
    for (const layers of [saturating, network(of)]) {
      const { c, map } = await explain(subject, of, layers, x);
      const difference =
        at(evaluate(layers, x), c) -
        at(
          evaluate(
            layers,
            x.map(() => base),
          ),
          c,
        );
      if (Math.abs(at(map, i)) < 1e-3 * Math.abs(difference)) {
        violated(subject, 'sensitivity', `coordinate ${i} alone moves the logit by ${difference} and gets ${map[i]}`);
      }
    }
  },

  /** The map of a F + b G is a times the map of F plus b times that of G. Sundararajan et al. 2017, section 4.1. */
  linearity: async (subject, of) => {
    const [f, g] = [network(of), network(of)];
    const [a, b] = signed(of.numbers, 2) as [number, number];
    const { x, c, map } = await explain(subject, of, combine(a, f, b, g));
    const left = (await explain(subject, of, f, x, c)).map;
    const right = (await explain(subject, of, g, x, c)).map;
    const expected = left.map((value, k) => a * value + b * at(right, k));
    expectEqual(subject, 'linearity', map, expected, Math.max(largest(left), largest(right)));
  },

  /**
   * Coordinates that the function lets swap and that are equal get equal attributions. Ibid., section 4.2. Each unit has
   * a twin that reads the two the other way round, so that the function depends on more than their sum.
   */
  symmetry: async (subject, of) => {
    const [i, j] = twoCoordinates(of);
    const [first, second, ...rest] = network(of) as [Dense, Dense, ...Dense[]];
    const swapped = first.kernel.with(i, at(first.kernel, j)).with(j, at(first.kernel, i));
    const layers: DenseNetwork = [
      { kernel: first.kernel.map((row, k) => [...row, ...at(swapped, k)]), bias: [...first.bias, ...first.bias] },
      { ...second, kernel: [...second.kernel, ...second.kernel] },
      ...rest,
    ];
    const x = image(of).map((value, k, all) => (k === j ? at(all, i) : value));
    const { map } = await explain(subject, of, layers, x);
    expectEqual(subject, 'symmetry', [at(map, i)], [at(map, j)], largest(map));
  },

  /** Networks that compute the same function get the same map. Sundararajan et al. 2017, section 2.2, appendix B. */
  'implementation-invariance': async (subject, of) => {
    const original = network(of);
    const [i, j] = twoCoordinates(of);
    const threshold = 0.1 + 0.2 * of.numbers.uniform();
    const slopes = signed(of.numbers, CLASSES);
    const x = image(of).map((value, k) => (k === i ? 0.5 + value / 2 : k === j ? value / 5 : value));
    // relu(relu(x_i) - t - relu(x_j)) and relu(relu(x_i - t) - relu(x_j)) are one function.
    const difference = (early: number, late: number): DenseNetwork => [
      { kernel: x.map((_, k) => [k === i ? 1 : 0, k === j ? 1 : 0]), bias: [-early, 0] },
      { kernel: [[1], [-1]], bias: [-late] },
      { kernel: [slopes], bias: slopes.map(() => 0) },
    ];
    for (const [one, other] of [
      [original, rewrite(original, of.numbers)],
      [difference(threshold, 0), difference(0, threshold)],
    ] as const) {
      const { c, map } = await explain(subject, of, one, x);
      const again = (await explain(subject, of, other, x, c)).map;
      expectEqual(subject, 'implementation-invariance', again, map, largest(map));
    }
  },

  /** A coordinate that the function does not depend on gets zero, also where two units that read it cancel. Ibid., 4.1. */
  dummy: async (subject, of) => {
    const i = of.numbers.integer(sizeOf(of));
    const [first, second, ...rest] = network(of) as [Dense, Dense, ...Dense[]];
    const reader = signed(of.numbers, sizeOf(of));
    const read = signed(of.numbers, second.bias.length);
    const layers: DenseNetwork = [
      {
        kernel: first.kernel.map((row, k) => [...row.map((w) => (k === i ? 0 : w)), at(reader, k), at(reader, k)]),
        bias: [...first.bias, 0, 0],
      },
      { ...second, kernel: [...second.kernel, read, read.map((w) => -w)] },
      ...rest,
    ];
    const { map } = await explain(subject, of, layers);
    // Two equal terms may cancel but for the rounding of a fused multiply-add, also where all else is zero.
    const rounding = 0.01 * largest(reader) * largest(read);
    expectEqual(subject, 'dummy', [at(map, i)], [0], largest(map) + rounding);
  },

  /** Without biases the map sums to logit_c(x): a ReLU network is then homogeneous. Bach et al. 2015, equation 2. */
  'conservation-without-bias': async (subject, of) => {
    const layers = withoutBias(network(of));
    const { x, c, map } = await explain(subject, of, layers);
    expectSum(subject, 'conservation-without-bias', map, at(evaluate(layers, x), c));
  },

  /** Shifting the input by a constant that the first bias undoes changes nothing. Kindermans et al. 2019, section 3. */
  'input-shift-invariance': async (subject, of) => {
    const layers = network(of);
    const [first, ...rest] = layers as [Dense, ...Dense[]];
    const shift = at(signed(of.numbers, 1), 0);
    const columnSum = (j: number) => first.kernel.reduce((sum, row) => sum + at(row, j), 0);
    const shifted = [
      mapDense(
        first,
        (w) => w,
        (b, j) => b - shift * columnSum(j),
      ),
      ...rest,
    ];
    const { x, c, map } = await explain(subject, of, layers);
    const moved = await explain(
      subject,
      of,
      shifted,
      x.map((value) => value + shift),
      c,
    );
    expectEqual(subject, 'input-shift-invariance', moved.map, map, largest(map));
  },
};

/**
 * Total variation of the slope of f along the straight path from a to b: the error of integrating the slope by a rule
 * is at most this times the rule's discrepancy (Koksma's inequality).
 */
function slopeVariation(f: (x: readonly number[]) => number, a: readonly number[], b: readonly number[]): number {
  const points = 512;
  const values = Array.from({ length: points + 1 }, (_, k) =>
    f(a.map((from, i) => from + (at(b, i) - from) * (k / points))),
  );
  const slopes = values.slice(1).map((value, k) => (value - at(values, k)) * points);
  return slopes.slice(1).reduce((sum, slope, k) => sum + Math.abs(slope - at(slopes, k)), 0);
}

/** The network with every bias zero: homogeneous, f(t x) = t f(x) for t >= 0. */
const withoutBias = (layers: DenseNetwork): DenseNetwork =>
  layers.map(({ kernel, bias }) => ({ kernel, bias: bias.map(() => 0) }));

const sizeOf = ({ shape: [height, width, channels] }: Case) => height * width * channels;
/** Two different ones, drawn. */
const twoCoordinates = (of: Case) => Array.from(of.numbers.permutation(sizeOf(of))) as [number, number];
const network = (of: Case) => randomNetwork(of.numbers, [sizeOf(of), ...of.hidden, CLASSES]);
const image = (of: Case) => Array.from(of.numbers.uniforms(sizeOf(of)));
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const largest = (values: readonly number[]) => Math.max(...values.map(Math.abs));

/** Numbers of size 0.5 to 2 and random sign. */
function signed(numbers: Stream, count: number): number[] {
  return Array.from({ length: count }, () => (numbers.integer(2) === 0 ? -1 : 1) * (0.5 + 1.5 * numbers.uniform()));
}

/** The value of every coordinate of the method's baseline: its parameter `baseline` where that is a number, else 0. */
function baselineOf({ parameters: { baseline } }: Subject): number {
  return typeof baseline === 'number' ? baseline : 0;
}

/** The map of a random image (or x) for a random class (or c) on a network of these layers. */
async function explain(
  subject: Subject,
  of: Case,
  layers: DenseNetwork,
  x = image(of),
  c = of.numbers.integer(CLASSES),
) {
  const [map] = await explainDense(subject, of.shape, layers, [x], [c]);
  return { x, c, map: map ?? [] };
}

function expectSum(subject: Subject, axiom: Axiom, map: readonly number[], expected: number, unsure = 0): void {
  const sum = map.reduce((total, value) => total + value, 0);
  const size = map.reduce((total, value) => total + Math.abs(value), 0);
  const allowed = ROUNDING * Math.max(size, Math.abs(expected)) + unsure;
  if (!(Math.abs(sum - expected) <= allowed)) {
    violated(subject, axiom, `the map sums to ${sum}, expected ${expected} within ${allowed}`);
  }
}

function expectEqual(
  subject: Subject,
  axiom: Axiom,
  got: readonly number[],
  expected: readonly number[],
  scale: number,
) {
  got.forEach((value, k) => {
    const wanted = at(expected, k);
    if (!(Math.abs(value - wanted) <= ROUNDING * scale)) {
      violated(subject, axiom, `entry ${k} is ${value}, expected ${wanted} within ${ROUNDING * scale}`);
    }
  });
}

function violated({ method }: Subject, axiom: Axiom, how: string): never {
  throw new Error(`[attribench] method "${method.id}" violates ${axiom}: ${how}`);
}
