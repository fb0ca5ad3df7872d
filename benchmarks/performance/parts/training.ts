/**
 * The part `training`: a step of training and a step of adversarial training, beside the same in PyTorch.
 *
 * Both sides at the better of one thread and one a core; SGD with momentum and weight decay, the L2 adversary with 8 steps.
 */
import { DESCENT } from 'attribench';
import { type Contestant, peers } from '../contest/contestant.ts';
import { type Limit, measureLimit } from '../contest/limit.ts';
import { timedNetwork, writeNetworkFile } from '../contest/networks.ts';
import { fastest, rounds, type Way, waysOfOurs, waysOfPeers } from '../contest/rounds.ts';
import type { TrainingJob } from '../contest/training.ts';
import type { Goal } from '../goals.ts';
import { number, type Part, type PartOptions, reason, table, withRange } from '../part.ts';
import { ratios, type Spread, spread } from '../spread.ts';

interface TimedTraining {
  readonly network: string;
  readonly batch: number;
  /** Steps in one run, clean and adversarial. */
  readonly steps: readonly [clean: number, adversarial: number];
}

const TRAININGS: readonly TimedTraining[] = [
  { network: 'mlp-784', batch: 256, steps: [100, 24] },
  { network: 'mlp-1568', batch: 256, steps: [50, 12] },
  { network: 'resnet-18', batch: 64, steps: [24, 12] },
];

const ADVERSARY = { norm: 'l2', eps: 1, steps: 8 } as const;

/** Steps on engines of one core, as a share of the others': they compute a quarter as fast. */
const FEWER = 12;

/** The ratio of times that an MLP or a small ResNet should not exceed on the tensorflow engine, by network. */
const BOUNDS: { readonly [network: string]: number } = { 'mlp-784': 1.2, 'mlp-1568': 0.9, 'resnet-18': 1.1 };

interface TrainingRow {
  readonly network: string;
  readonly batch: number;
  readonly adversarial: boolean;
  /** Milliseconds a step, and the ratio to the peers'. */
  readonly ours: readonly {
    readonly engine: string;
    readonly step: Spread;
    readonly ratio: Spread;
    readonly way: string;
  }[];
  readonly peers: { readonly step: Spread; readonly way: string };
  /** The ratio that the products of a step alone would have, at the machine's best, see contest/limit.ts; null by processor time. */
  readonly reach: number | null;
}

export const training: Part<TrainingRow> = {
  id: 'training',
  narrowedBy: { network: TRAININGS.map(({ network }) => network) },
  title: 'Training steps beside PyTorch',
  about:
    'Milliseconds a step of the real training loop (batches gathered, forward, backward, momentum and weight decay); an adversarial step makes its batch by 8 steps of the L2 adversary first. A run is a training of 100 steps (MLP 784; adversarial 24), 50 (MLP 1568; 12) or 24 (ResNet; 12), a twelfth of that on wasm; what a training does once, such as the first step that an engine records, is a part of it. Ratios are times, ours over PyTorch: below 1 is faster. Both sides at the better of one thread and one a core; wasm has one. Products alone: the ratio that the products and convolutions of our step on the tensorflow engine would have by themselves: products at the fastest rate at which either side multiplies 1024 x 1024 matrices on all cores, each convolution and gradient of one in the least time that TensorFlow or PyTorch takes for that very one.',
  async *measure(options, versions) {
    const limit = await measureLimit(options);
    const sides = options.engines.map((engine) => ({ engine, ways: waysOfOurs(engine, options.clock) }));
    const torch = peers();
    try {
      for (const timed of TRAININGS.filter(({ network }) => options.networks?.includes(network) ?? true)) {
        const file = await writeNetworkFile(timed.network);
        for (const adversarial of [false, true]) {
          yield await timeTraining({ timed, file, adversarial, sides, torch, limit, options, versions });
        }
      }
    } finally {
      const all = [torch, limit, ...sides.flatMap(({ ways }) => ways.map(({ contestant }) => contestant))];
      await Promise.all(all.map((one) => one?.end()));
    }
  },
  line: (row) =>
    `${titleOf(row)}: ${row.ours.map(({ engine, step, ratio, way }) => `${engine} ${number(step.median)} ms (${way}), ratio ${withRange(ratio)}`).join('; ')}; PyTorch ${number(row.peers.step.median)} ms (${row.peers.way})`,
  markdown: (rows) =>
    table(
      ['step', 'n', 'PyTorch, ms', 'engine', 'ours, ms', 'ours / PyTorch', 'products alone / PyTorch'],
      rows.flatMap((row) =>
        row.ours.map(({ engine, step, ratio, way }) => [
          titleOf(row),
          String(ratio.n),
          `${withRange(row.peers.step)}, ${row.peers.way}`,
          engine,
          `${withRange(step)}, ${way}`,
          withRange(ratio),
          engine === 'tensorflow' && row.reach !== null ? number(row.reach) : '',
        ]),
      ),
    ),
  goals: (rows) =>
    TRAININGS.flatMap(({ network }) =>
      [false, true].map((adversarial): Goal => {
        const row = rows.find((one) => one.network === network && one.adversarial === adversarial);
        return {
          what: `${timedNetwork(network).title}, a ${adversarial ? 'PGD' : 'training'} step: time, tensorflow / PyTorch`,
          sense: 'at most',
          bound: BOUNDS[network] ?? Number.NaN,
          measured: row?.ours.find(({ engine }) => engine === 'tensorflow')?.ratio ?? null,
          reach: row?.reach ?? undefined,
        };
      }),
    ),
};

interface TrainingContest {
  readonly timed: TimedTraining;
  readonly file: string;
  readonly adversarial: boolean;
  readonly sides: readonly { readonly engine: string; readonly ways: readonly Way[] }[];
  readonly torch: Contestant;
  readonly limit: Limit | null;
  readonly options: PartOptions;
  versions(found: { readonly [name: string]: string }): void;
}

async function timeTraining(contest: TrainingContest): Promise<TrainingRow> {
  const { timed, file, adversarial, sides, torch, limit, options, versions } = contest;
  const { network, batch, steps } = timed;
  const { clock } = options;
  const job = (stepsOfJob: number): TrainingJob => ({
    kind: 'training',
    network,
    classes: timedNetwork(network).classes,
    file,
    batch,
    steps: stepsOfJob,
    settings: { ...DESCENT, learningRate: 0.01, epochs: 1, stopBelow: 0, batchSize: batch },
    adversary: adversarial ? ADVERSARY : null,
  });
  const many = adversarial ? steps[1] : steps[0];
  versions(await torch.prepare(job(many)));
  const theirs = await fastest(waysOfPeers(torch, clock), clock);
  const own: { engine: string; way: Way; steps: number }[] = [];
  for (const { engine, ways } of sides) {
    const count = engine === 'wasm' ? Math.max(1, Math.round(many / FEWER)) : many;
    try {
      for (const { contestant } of ways) versions(await contestant.prepare(job(count)));
      own.push({ engine, way: await fastest(ways, clock), steps: count });
    } catch (thrown) {
      options.problem(`${titleOf({ network, batch, adversarial })} failed on ${engine}: ${reason(thrown)}`);
    }
  }
  const [torchSeconds = [], ...ownSeconds] = await rounds(
    [theirs, ...own.map(({ way }) => way)],
    { most: options.rounds, seconds: 15 },
    clock,
  );
  const perStep = (seconds: readonly number[], count: number) => seconds.map((value) => (1000 * value) / count);
  const torchSteps = perStep(torchSeconds, many);
  const torchStep = spread(torchSteps);
  const least = (await limit?.secondsOf(job(many))) ?? null;
  return {
    network,
    batch,
    adversarial,
    ours: own.map(({ engine, way, steps: count }, i) => {
      const stepsOfSide = perStep(ownSeconds[i] ?? [], count);
      return { engine, step: spread(stepsOfSide), ratio: spread(ratios(stepsOfSide, torchSteps)), way: way.label };
    }),
    peers: { step: torchStep, way: theirs.label },
    reach: least === null ? null : (1000 * least) / many / torchStep.median,
  };
}

function titleOf({ network, batch, adversarial }: Pick<TrainingRow, 'network' | 'batch' | 'adversarial'>): string {
  return `${timedNetwork(network).title}, batch ${batch}, ${adversarial ? 'adversarial' : 'clean'}`;
}
