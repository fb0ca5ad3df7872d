/**
 * The part `grid`: the retrainings of a small DiffROAR grid, beside the same grid in PyTorch.
 *
 * Ours: two processes of one thread, as the pool runs them. PyTorch: one process of two threads or two of one, the better.
 */
import { DESCENT } from 'attribench';
import { type Clock, type Contestant, ours, peers, team } from '../contest/contestant.ts';
import { measureLimit } from '../contest/limit.ts';
import { timedNetwork, writeNetworkFile } from '../contest/networks.ts';
import type { RetrainingsJob } from '../contest/retrainings.ts';
import { takeTurns } from '../contest/rounds.ts';
import { number, type Part, table, withRange } from '../part.ts';
import { ratios, type Spread, spread } from '../spread.ts';

const GRID = [0.1, 0.3].flatMap((level) => ['top', 'bottom'].map((side) => [level, side] as const));
const IMAGES = 2560;
const BATCH = 256;

/** Epochs a retraining, and how many times PyTorch's rate is aimed at. */
const NETWORKS: { readonly [id: string]: { readonly epochs: number; readonly goal: number } } = {
  'mlp-784': { epochs: 8, goal: 1.15 },
  'mlp-1568': { epochs: 4, goal: 1.5 },
};

const SECONDS = 60;

interface GridRow {
  readonly network: string;
  readonly retrainings: number;
  readonly steps: number;
  /** Training steps per second over both cores. */
  readonly ours: Spread;
  readonly peers: readonly { readonly way: string; readonly rate: Spread }[];
  /** Ours over the better of PyTorch\'s ways. */
  readonly ratio: Spread;
  /** The ratio that the products of ours alone would have, at the machine's fastest rate; null by processor time. */
  readonly reach: number | null;
}

/** A way of running the grid. */
interface Side {
  readonly label: string;
  readonly contestant: Contestant;
  readonly threads: number;
}

/** Two processes, each with every other retraining. */
const pair = (member: () => Contestant): Contestant =>
  team<RetrainingsJob>([member(), member()], (job, place) => ({
    ...job,
    grid: job.grid.filter((_, i) => i % 2 === place),
  }));

export const grid: Part<GridRow> = {
  id: 'grid',
  narrowedBy: { network: Object.keys(NETWORKS) },
  title: 'A DiffROAR retraining grid beside PyTorch',
  about: `Training steps per second over both cores: ${GRID.length} retrainings from scratch on masked images (${IMAGES} images, batch ${BATCH}; two levels, top and bottom), masking and the predictions of ${IMAGES} images included. Ours in two processes of one thread on the tensorflow engine; ratio to the better of PyTorch's two ways, above 1 is faster. Products alone: the ratio that our products would have by themselves, at the fastest rate at which either side multiplies 1024 x 1024 matrices on all cores.`,
  async *measure(options, versions) {
    const { rounds: count, clock, networks } = options;
    const limit = await measureLimit(options);
    const sides: readonly Side[] = [
      { label: 'ours, 2 processes', contestant: pair(() => ours('tensorflow', 1)), threads: 1 },
      { label: '2 processes of 1 thread', contestant: pair(peers), threads: 1 },
      { label: '1 process of 2 threads', contestant: peers(), threads: 2 },
    ];
    try {
      for (const [network, { epochs }] of Object.entries(NETWORKS).filter(([id]) => networks?.includes(id) ?? true)) {
        const file = await writeNetworkFile(network);
        for (const { contestant } of sides) versions(await contestant.prepare(jobOf(network, file, epochs)));
        for (const side of sides) await runGrid(side, clock);
        const seconds = await takeTurns(
          sides.map((side) => () => runGrid(side, clock)),
          { most: count, seconds: SECONDS },
        );
        const steps = GRID.length * epochs * (IMAGES / BATCH);
        const rates = seconds.map((values) => values.map((value) => steps / value));
        const [own = [], ...theirs] = rates;
        const better = theirs.reduce((a, b) => (spread(a).median > spread(b).median ? a : b));
        const least = (await limit?.secondsOf(jobOf(network, file, epochs))) ?? null;
        yield {
          network,
          retrainings: GRID.length,
          steps,
          ours: spread(own),
          peers: theirs.map((values, i) => ({ way: sides[i + 1]?.label ?? '', rate: spread(values) })),
          ratio: spread(ratios(own, better)),
          reach: least === null ? null : steps / least / spread(better).median,
        };
      }
    } finally {
      await Promise.all([limit, ...sides.map(({ contestant }) => contestant)].map((one) => one?.end()));
    }
  },
  line: ({ network, ours: own, peers: theirs, ratio }) =>
    `${network}: ours ${withRange(own)} steps/s; ${theirs.map(({ way, rate }) => `PyTorch in ${way} ${number(rate.median)}`).join('; ')}; ratio ${withRange(ratio)}`,
  goals: (rows) =>
    Object.entries(NETWORKS).map(([network, { goal }]) => {
      const row = rows.find((one) => one.network === network);
      return {
        what: `${timedNetwork(network).title}, a grid of retrainings: rate, ours / PyTorch`,
        sense: 'at least',
        bound: goal,
        measured: row?.ratio ?? null,
        reach: row?.reach ?? undefined,
      };
    }),
  markdown: (rows) =>
    table(
      [
        'network',
        'n',
        'steps',
        'ours, steps/s',
        ...(rows[0]?.peers.map(({ way }) => `PyTorch, ${way}`) ?? []),
        'ratio',
        'products alone',
      ],
      rows.map(({ network, steps, ours: own, peers: theirs, ratio, reach }) => [
        timedNetwork(network).title,
        String(ratio.n),
        String(steps),
        withRange(own),
        ...theirs.map(({ rate }) => withRange(rate)),
        withRange(ratio),
        reach === null ? '' : number(reach),
      ]),
    ),
};

function jobOf(network: string, file: string, epochs: number): RetrainingsJob {
  return {
    kind: 'retrainings',
    network,
    classes: timedNetwork(network).classes,
    file,
    images: IMAGES,
    batch: BATCH,
    epochs,
    settings: { ...DESCENT, learningRate: 0.01, epochs, stopBelow: 0, batchSize: BATCH },
    grid: GRID,
  };
}

/** Seconds until the last process is done; of processor time the sum over processes and threads, halved for two cores. */
async function runGrid({ contestant, threads }: Side, clock: Clock): Promise<number> {
  const { wall, processor } = await contestant.run({ threads });
  return clock === 'wall' ? wall : processor / 2;
}
