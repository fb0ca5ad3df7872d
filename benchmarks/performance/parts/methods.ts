/**
 * The part `methods`: images per second of every attribution method that captum has too, beside captum.
 *
 * Ours at the best of one thread, one a core, and a process a core that shares the images, as the pool runs them; captum
 * at the best of those and three batch sizes. Settings,
 * weights and images are the same on both sides. Where a method draws nothing at random, the maps are compared first:
 * what is timed must be the same work.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Method, type Parameters, resolveParameters } from 'attribench';
import { decodeSafetensors } from '../../../harness/formats/safetensors.ts';
import { homeFolder } from '../../../harness/project.ts';
import type { AttributionJob } from '../contest/attribution.ts';
import type { Contestant } from '../contest/contestant.ts';
import { type Limit, measureLimit } from '../contest/limit.ts';
import { timedNetwork, writeNetworkFile } from '../contest/networks.ts';
import { attributingPeers, attributingWays, fastest, rounds, type Way } from '../contest/rounds.ts';
import type { Goal } from '../goals.ts';
import { number, type Part, type PartOptions, reason, table, withRange } from '../part.ts';
import { ratios, type Spread, spread } from '../spread.ts';

interface TimedMethod {
  readonly id: string;
  /** Images in one run, by network; a network without a number is left out. */
  readonly images: { readonly [network: string]: number };
  /** Where they differ from the method's own. */
  readonly settings?: Parameters;
  /** captum has a choice of batch size here. */
  readonly batched?: true;
  /** How far the sides' maps may differ; absent: one side draws at random, or the two are known to differ. */
  readonly agreement?: number;
}

const NETWORKS = ['mlp-1568', 'resnet-18'];
/** The engine that has goals. */
const JUDGED = 'tensorflow';
const ROWS = [64, 256, 1024];
/** After so many seconds of rounds a method has its number, if three rounds are done. */
const SECONDS = 15;

const METHODS: readonly TimedMethod[] = [
  { id: 'input-gradient', images: { 'mlp-1568': 256, 'resnet-18': 64 }, agreement: 1e-4 },
  { id: 'input-x-gradient', images: { 'mlp-1568': 256, 'resnet-18': 64 }, agreement: 1e-4 },
  { id: 'integrated-gradients', images: { 'mlp-1568': 64, 'resnet-18': 4 }, batched: true, agreement: 1e-3 },
  { id: 'expected-gradients', images: { 'mlp-1568': 32, 'resnet-18': 4 }, batched: true },
  { id: 'smooth-grad', images: { 'mlp-1568': 64, 'resnet-18': 8 }, batched: true },
  { id: 'smooth-grad-squared', images: { 'mlp-1568': 64, 'resnet-18': 8 }, batched: true },
  { id: 'var-grad', images: { 'mlp-1568': 64, 'resnet-18': 8 }, batched: true },
  { id: 'guided-backprop', images: { 'mlp-1568': 256, 'resnet-18': 64 }, agreement: 1e-4 },
  { id: 'deconvolution', images: { 'mlp-1568': 256, 'resnet-18': 64 }, agreement: 1e-4 },
  // Relevance is divided by sums that may be nearly zero, and the two sides' stabilisers at sums of branches differ.
  { id: 'lrp-epsilon', images: { 'mlp-1568': 64, 'resnet-18': 32 }, agreement: 1e-2 },
  { id: 'lrp-gamma', images: { 'mlp-1568': 64, 'resnet-18': 32 } },
  { id: 'lrp-alpha-beta', images: { 'mlp-1568': 64, 'resnet-18': 32 }, settings: { alpha: 1, beta: 0 } },
  { id: 'deep-lift', images: { 'mlp-1568': 128, 'resnet-18': 32 }, agreement: 1e-3 },
  { id: 'deep-shap', images: { 'mlp-1568': 32, 'resnet-18': 8 }, batched: true, agreement: 1e-3 },
  { id: 'grad-cam', images: { 'resnet-18': 64 }, agreement: 1e-3 },
  { id: 'guided-grad-cam', images: { 'resnet-18': 64 }, agreement: 1e-3 },
  { id: 'occlusion', images: { 'mlp-1568': 16, 'resnet-18': 2 }, batched: true, agreement: 1e-3 },
  { id: 'feature-ablation', images: { 'mlp-1568': 64, 'resnet-18': 8 }, batched: true, agreement: 1e-3 },
  { id: 'feature-permutation', images: { 'mlp-1568': 16, 'resnet-18': 4 }, batched: true },
  { id: 'shapley-value-sampling', images: { 'mlp-1568': 8, 'resnet-18': 2 }, batched: true },
  { id: 'kernel-shap', images: { 'mlp-1568': 4, 'resnet-18': 2 }, batched: true },
  { id: 'lime', images: { 'mlp-1568': 4, 'resnet-18': 2 }, batched: true },
  { id: 'rise', images: { 'mlp-1568': 4, 'resnet-18': 2 }, batched: true },
];

interface MethodRow {
  readonly network: string;
  readonly method: string;
  readonly images: number;
  readonly settings: Parameters;
  /** How far the sides' maps differ, see compare; null where they must, as one draws at random. */
  readonly difference: number | null;
  /** How far they may; beyond it the two sides do not compute the same. */
  readonly allowed: number | null;
  /** Images per second, and the fastest way of running. */
  readonly peers: { readonly rate: Spread; readonly way: string };
  readonly ours: readonly {
    readonly engine: string;
    readonly rate: Spread;
    readonly ratio: Spread;
    readonly way: string;
  }[];
  /** The ratio that the products of ours alone would have, at the machine's best, see contest/limit.ts; null by processor time. */
  readonly reach: number | null;
}

export const methods: Part<MethodRow> = {
  id: 'methods',
  narrowedBy: { method: METHODS.map(({ id }) => id), network: NETWORKS },
  // Some ratios lie that near to their goals: medians of five rounds differed by a tenth from run to run.
  rounds: 15,
  title: 'Attribution methods beside captum',
  about:
    "Images per second; ratios are ours over captum: above 1 is faster. The same weights, images and settings on both sides. Both at the best of one thread, one a core, and a process of one thread on each core that share the images; captum with the best of three batch sizes where it has a choice. wasm has one thread a process. Difference: an image's largest difference between the two sides' maps relative to its largest value, the median over images; none where captum draws at random or follows another rule (LRP gamma and alpha-beta differ in signs and biases). captum has no RISE: it is written out in PyTorch. Products alone: the ratio that the products and convolutions of ours on the tensorflow engine would have by themselves: products at the fastest rate at which either side multiplies 1024 x 1024 matrices on all cores, each convolution and gradient of one in the least time that TensorFlow or PyTorch takes for that very one.",
  async *measure(options, versions) {
    const limit = await measureLimit(options);
    const sides = options.engines.map((engine) => ({ engine, ways: attributingWays(engine, options.clock) }));
    const captum = attributingPeers(options.clock);
    try {
      for (const network of NETWORKS.filter((id) => options.networks?.includes(id) ?? true)) {
        const file = await writeNetworkFile(network);
        for (const timed of METHODS.filter(({ id }) => options.methods?.includes(id) ?? true)) {
          const imageCount = timed.images[network];
          if (imageCount === undefined) continue;
          yield await timeMethod({ ...timed, network, file, imageCount, sides, captum, limit, options, versions });
        }
      }
    } finally {
      const all = [...captum([]), ...sides.flatMap(({ ways }) => ways)];
      await Promise.all([limit, ...all.map(({ contestant }) => contestant)].map((one) => one?.end()));
    }
  },
  line: (row) =>
    `${row.method} on ${row.network}: ${row.ours.map(({ engine, rate, ratio, way }) => `${engine} ${number(rate.median)}/s (${way}), ratio ${withRange(ratio)}`).join('; ')}; captum ${number(row.peers.rate.median)}/s (${row.peers.way}); difference ${differenceOf(row) || 'not compared'}`,
  goals: (rows) =>
    NETWORKS.flatMap((network) => [
      slowest(rows, network, 'the slowest method', METHODS, 1),
      slowest(
        rows,
        network,
        'the slowest of those that batch',
        METHODS.filter(({ batched }) => batched),
        2,
      ),
    ]),
  markdown: (rows) => {
    const engines = [...new Set(rows.flatMap((row) => row.ours.map(({ engine }) => engine)))];
    return NETWORKS.filter((network) => rows.some((row) => row.network === network))
      .map((network) => {
        const cells = rows
          .filter((row) => row.network === network)
          .map((row) => [
            row.method,
            String(row.images),
            String(row.peers.rate.n),
            `${withRange(row.peers.rate)}, ${row.peers.way}`,
            ...engines.flatMap((engine) => {
              const side = row.ours.find((one) => one.engine === engine);
              return side === undefined ? ['', ''] : [`${withRange(side.rate)}, ${side.way}`, withRange(side.ratio)];
            }),
            row.reach === null ? '' : number(row.reach),
            differenceOf(row),
          ]);
        const sides = engines.flatMap((engine) => [engine, `${engine} / captum`]);
        const head = ['method', 'images', 'n', 'captum', ...sides, 'products alone / captum', 'difference'];
        return `### ${timedNetwork(network).title}\n\n${summary(rows, network)}\n\n${table(head, cells)}`;
      })
      .join('\n\n');
  },
};

/** How many methods are as fast as captum, and how many of those that batch twice as fast. */
function summary(rows: readonly MethodRow[], network: string): string {
  const count = (which: readonly TimedMethod[], bound: number) => {
    const judged = rows.filter((row) => row.network === network && which.some(({ id }) => id === row.method));
    const ratioOf = ({ ours }: MethodRow) => ours.find(({ engine }) => engine === JUDGED)?.ratio.median ?? 0;
    const below = judged.filter((row) => ratioOf(row) < bound);
    const beyond = below.filter(({ reach }) => reach !== null && reach < bound).length;
    const others = below.length === 0 ? '' : ` (of the others, ${beyond} would not be by their products alone)`;
    return `${judged.length - below.length} of ${judged.length} at ${bound} or above${others}`;
  };
  const batched = METHODS.filter(({ batched }) => batched);
  return `${JUDGED} / captum: ${count(METHODS, 1)}; of those that batch, ${count(batched, 2)}.`;
}

function differenceOf({ difference, allowed }: Pick<MethodRow, 'difference' | 'allowed'>): string {
  if (difference === null) return '';
  return `${difference.toExponential(0)}${difference <= (allowed ?? 0) ? '' : ': NOT THE SAME MAPS'}`;
}

interface MethodContest extends TimedMethod {
  readonly network: string;
  readonly file: string;
  readonly imageCount: number;
  readonly sides: readonly { readonly engine: string; readonly ways: readonly Way[] }[];
  /** Ways of running captum, with each of some batch sizes. */
  captum(batches: readonly number[]): readonly Way[];
  readonly limit: Limit | null;
  readonly options: PartOptions;
  versions(found: { readonly [name: string]: string }): void;
}

async function timeMethod(contest: MethodContest): Promise<MethodRow> {
  const { id, network, file, imageCount, sides, captum, limit, options, versions } = contest;
  const { clock } = options;
  const { default: method }: { default: Method } = await import(`../../../methods/${id}.ts`);
  const settings = resolveParameters(method, contest.settings);
  const { classes } = timedNetwork(network);
  const job = (images: number): AttributionJob => ({
    kind: 'attribution',
    network,
    classes,
    file,
    method: id,
    settings,
    images,
  });
  const waysOfTheirs = ready(captum(contest.batched ? ROWS : []), imageCount);
  versions(await prepared(waysOfTheirs, job(imageCount)));
  const theirs = await fastest(waysOfTheirs, clock);
  const own: { engine: string; way: Way; images: number; difference: number | null }[] = [];
  for (const { engine, ways } of sides) {
    // wasm's one core computes about a quarter of what the others do in the same time.
    const images = engine === 'wasm' ? Math.max(1, Math.round(imageCount / 4)) : imageCount;
    try {
      const possible = ready(ways, images);
      versions(await prepared(possible, job(images)));
      const way = await fastest(possible, clock);
      const comparable = contest.agreement !== undefined && images === imageCount;
      const difference = comparable ? await compare(first(possible), first(waysOfTheirs)) : null;
      own.push({ engine, way, images, difference });
    } catch (thrown) {
      options.problem(`${id} on ${network} failed on ${engine}: ${reason(thrown)}`);
    }
  }
  const [captumSeconds = [], ...ownSeconds] = await rounds(
    [theirs, ...own.map(({ way }) => way)],
    { most: options.rounds, seconds: SECONDS },
    clock,
  );
  const rates = (seconds: readonly number[], images: number) => seconds.map((value) => images / value);
  const captumRates = rates(captumSeconds, imageCount);
  const captumRate = spread(captumRates);
  const least = (await limit?.secondsOf(job(imageCount))) ?? null;
  return {
    network,
    method: id,
    images: imageCount,
    settings,
    difference: own.find(({ difference }) => difference !== null)?.difference ?? null,
    allowed: contest.agreement ?? null,
    peers: { rate: captumRate, way: theirs.label },
    ours: own.map(({ engine, way, images }, i) => {
      const ownRates = rates(ownSeconds[i] ?? [], images);
      return { engine, rate: spread(ownRates), ratio: spread(ratios(ownRates, captumRates)), way: way.label };
    }),
    reach: least === null ? null : imageCount / least / captumRate.median,
  };
}

/** The ways that have an image for each of their processes. */
function ready(ways: readonly Way[], images: number): readonly Way[] {
  return ways.filter(({ processes }) => processes <= images);
}

async function prepared(ways: readonly Way[], job: AttributionJob): Promise<{ readonly [name: string]: string }> {
  const found = {};
  for (const contestant of new Set(ways.map((way) => way.contestant))) {
    Object.assign(found, await contestant.prepare(job));
  }
  return found;
}

/** The contestant of the first way, which has all images in one process. */
function first(ways: readonly Way[]): Contestant {
  const [way] = ways;
  if (way === undefined) throw new RangeError('[attribench] no way of running a job');
  return way.contestant;
}

/**
 * How far the last runs' maps differ: an image's largest difference relative to its largest value, the median over images.
 *
 * The median, since rounding puts a unit now and then on the other side of its kink, and that image's gradient with it.
 */
async function compare(left: Contestant, right: Contestant): Promise<number> {
  const read = async (contestant: Contestant) => {
    const path = join(homeFolder(), 'performance', `${contestant.name.replaceAll(/[^a-z0-9]+/g, '-')}.safetensors`);
    await contestant.save(path);
    const [maps] = decodeSafetensors(await readFile(path)).entries;
    if (maps === undefined) throw new Error(`[attribench] ${path} is empty`);
    return maps;
  };
  const [a, b] = await Promise.all([read(left), read(right)]);
  const [images = 0, height = 0, width = 0] = a.shape;
  const pixels = height * width;
  const [ownA, ownB] = [a.shape[3] ?? 1, b.shape[3] ?? 1];
  const channels = Math.max(ownA, ownB);
  const differences = Array.from({ length: images }, (_, image) => {
    let [difference, largest] = [0, 0];
    for (let pixel = image * pixels; pixel < (image + 1) * pixels; pixel++) {
      for (let channel = 0; channel < channels; channel++) {
        // A side with one channel has the same value on all.
        const x = a.data[pixel * ownA + (channel % ownA)] ?? Number.NaN;
        const y = b.data[pixel * ownB + (channel % ownB)] ?? Number.NaN;
        difference = Math.max(difference, Math.abs(x - y));
        largest = Math.max(largest, Math.abs(y));
      }
    }
    return difference / largest;
  });
  return spread(differences).median;
}

/** The method of some with the lowest ratio on the tensorflow engine, against a bound for all of them. */
function slowest(
  rows: readonly MethodRow[],
  network: string,
  which: string,
  methods: readonly TimedMethod[],
  bound: number,
): Goal {
  const found = rows.flatMap(({ network: own, method, ours, reach }) => {
    const side = ours.find(({ engine }) => engine === JUDGED);
    return own === network && side !== undefined && methods.some(({ id }) => id === method)
      ? [{ method, ratio: side.ratio, reach: reach ?? undefined }]
      : [];
  });
  const [first, ...others] = found;
  const least = first && others.reduce((a, b) => (b.ratio.median < a.ratio.median ? b : a), first);
  const named = least === undefined ? which : `${which}, ${least.method}`;
  return {
    what: `${timedNetwork(network).title}, ${named}: rate, tensorflow / captum`,
    sense: 'at least',
    bound,
    measured: least?.ratio ?? null,
    reach: least?.reach,
  };
}
