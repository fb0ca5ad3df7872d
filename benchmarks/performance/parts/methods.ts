/**
 * The part `methods`: images per second of every attribution method that captum has too, beside captum.
 *
 * Ours at the better of one and two threads; captum at the best of one and two threads and three batch sizes. Settings,
 * weights and images are the same on both sides. Where a method draws nothing at random, the maps are compared first:
 * what is timed must be the same work.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Method, type Parameters, resolveParameters } from 'attribench';
import { decodeSafetensors } from '../../../harness/formats/safetensors.ts';
import { homeFolder } from '../../../harness/project.ts';
import type { AttributionJob } from '../contest/attribution.ts';
import { type Clock, type Contestant, ours, peers } from '../contest/contestant.ts';
import { timedNetwork, writeNetworkFile } from '../contest/networks.ts';
import {
  fastest,
  ratios,
  rounds,
  type Spread,
  spread,
  threadsLabel,
  type Way,
  waysOfOurs,
  waysOfPeers,
} from '../contest/rounds.ts';
import { number, type Part, table, withRange } from '../part.ts';

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
const ROWS = [64, 256, 1024];

const METHODS: readonly TimedMethod[] = [
  { id: 'input-gradient', images: { 'mlp-1568': 256, 'resnet-18': 64 }, agreement: 1e-4 },
  { id: 'input-x-gradient', images: { 'mlp-1568': 256, 'resnet-18': 64 }, agreement: 1e-4 },
  { id: 'integrated-gradients', images: { 'mlp-1568': 16, 'resnet-18': 4 }, batched: true, agreement: 1e-3 },
  { id: 'expected-gradients', images: { 'mlp-1568': 16, 'resnet-18': 4 }, batched: true },
  { id: 'smooth-grad', images: { 'mlp-1568': 32, 'resnet-18': 8 }, batched: true },
  { id: 'smooth-grad-squared', images: { 'mlp-1568': 32, 'resnet-18': 8 }, batched: true },
  { id: 'var-grad', images: { 'mlp-1568': 32, 'resnet-18': 8 }, batched: true },
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
  { id: 'occlusion', images: { 'mlp-1568': 4, 'resnet-18': 2 }, batched: true, agreement: 1e-3 },
  { id: 'feature-ablation', images: { 'mlp-1568': 16, 'resnet-18': 8 }, batched: true, agreement: 1e-3 },
  { id: 'feature-permutation', images: { 'mlp-1568': 8, 'resnet-18': 4 }, batched: true },
  { id: 'shapley-value-sampling', images: { 'mlp-1568': 4, 'resnet-18': 2 }, batched: true },
  { id: 'kernel-shap', images: { 'mlp-1568': 2, 'resnet-18': 1 }, batched: true },
  { id: 'lime', images: { 'mlp-1568': 2, 'resnet-18': 1 }, batched: true },
  { id: 'rise', images: { 'mlp-1568': 2, 'resnet-18': 1 }, settings: { samples: 1000 }, batched: true },
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
}

export const methods: Part<MethodRow> = {
  id: 'methods',
  title: 'Attribution methods beside captum',
  about:
    "Images per second; ratios are ours over captum: above 1 is faster. The same weights, images and settings on both sides. Both at the better of one and two threads, captum with the best of three batch sizes where it has a choice; wasm has one thread. Difference: an image's largest difference between the two sides' maps relative to its largest value, the median over images; none where captum draws at random or follows another rule (LRP gamma and alpha-beta differ in signs and biases). captum has no RISE: it is written out in PyTorch.",
  async *measure({ methods: chosen, networks, rounds: count, clock }, versions) {
    const native = waysOfOurs('tensorflow', clock);
    const wasm = ours('wasm', 1);
    const captum = peers();
    try {
      for (const network of NETWORKS.filter((id) => networks?.includes(id) ?? true)) {
        const file = await writeNetworkFile(network);
        for (const timed of METHODS.filter(({ id }) => chosen?.includes(id) ?? true)) {
          const imageCount = timed.images[network];
          if (imageCount === undefined) continue;
          yield await timeMethod({ ...timed, network, file, imageCount, native, wasm, captum, count, clock, versions });
        }
      }
    } finally {
      await Promise.all([...native.map(({ contestant }) => contestant), wasm, captum].map((one) => one.end()));
    }
  },
  line: (row) =>
    `${row.method} on ${row.network}: ${row.ours.map(({ engine, rate, ratio, way }) => `${engine} ${number(rate.median)}/s (${way}), ratio ${withRange(ratio)}`).join('; ')}; captum ${number(row.peers.rate.median)}/s (${row.peers.way}); difference ${differenceOf(row) || 'not compared'}`,
  markdown: (rows) =>
    NETWORKS.map((network) => {
      const cells = rows
        .filter((row) => row.network === network)
        .map(({ method, images, peers: theirs, ours: sides, difference, allowed }) => [
          method,
          String(images),
          `${withRange(theirs.rate)}, ${theirs.way}`,
          ...sides.flatMap(({ engine, rate, ratio, way }) => [
            engine === 'wasm' ? withRange(rate) : `${withRange(rate)}, ${way}`,
            engine === 'wasm'
              ? withRange(ratio)
              : `**${number(ratio.median)}** (${number(ratio.low)} to ${number(ratio.high)})`,
          ]),
          differenceOf({ difference, allowed }),
        ]);
      const head = ['method', 'images', 'captum', 'tensorflow', 'ratio', 'wasm', 'ratio', 'difference'];
      return `### ${timedNetwork(network).title}\n\n${table(head, cells)}`;
    }).join('\n\n'),
};

function differenceOf({ difference, allowed }: Pick<MethodRow, 'difference' | 'allowed'>): string {
  if (difference === null) return '';
  return `${difference.toExponential(0)}${difference <= (allowed ?? 0) ? '' : ': NOT THE SAME MAPS'}`;
}

interface MethodContest extends TimedMethod {
  readonly network: string;
  readonly file: string;
  readonly imageCount: number;
  readonly native: readonly Way[];
  readonly wasm: Contestant;
  readonly captum: Contestant;
  readonly count: number;
  readonly clock: Clock;
  versions(found: { readonly [name: string]: string }): void;
}

async function timeMethod(contest: MethodContest): Promise<MethodRow> {
  const { id, network, file, imageCount, native, wasm, captum, count, clock, versions } = contest;
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
  // One core computes about a quarter of what the others do in the same time.
  const fewer = Math.max(1, Math.round(imageCount / 4));
  for (const { contestant } of native) versions(await contestant.prepare(job(imageCount)));
  versions(await captum.prepare(job(imageCount)));
  versions(await wasm.prepare(job(fewer)));

  const best = await fastest(native, clock);
  const bestOfCaptum = await fastest(waysOfPeers(captum, clock, contest.batched ? ROWS : []), clock);
  const difference = contest.agreement === undefined ? null : await compare(best.contestant, captum);
  const alone: Way = { contestant: wasm, options: {}, label: threadsLabel(1) };
  await wasm.run();
  const [oursSeconds = [], captumSeconds = [], wasmSeconds = []] = await rounds(
    [best, bestOfCaptum, alone],
    count,
    clock,
  );
  const rates = (seconds: readonly number[], images: number) => seconds.map((value) => images / value);
  const captumRates = rates(captumSeconds, imageCount);
  const side = (engine: string, way: Way, ratesOfSide: number[]) => ({
    engine,
    rate: spread(ratesOfSide),
    ratio: spread(ratios(ratesOfSide, captumRates)),
    way: way.label,
  });
  return {
    network,
    method: id,
    images: imageCount,
    settings,
    difference,
    allowed: contest.agreement ?? null,
    peers: { rate: spread(captumRates), way: bestOfCaptum.label },
    ours: [side('tensorflow', best, rates(oursSeconds, imageCount)), side('wasm', alone, rates(wasmSeconds, fewer))],
  };
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
