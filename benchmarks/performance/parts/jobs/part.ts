/**
 * The part `jobs`: a whole job of the quick profile, from the command's start to its end, beside PyTorch and captum.
 *
 * The first run of ours gives the peers their images, initial weights and epochs, and is not counted.
 */
import { fileURLToPath } from 'node:url';
import { measuredBy } from '../../child.ts';
import { measureLimit } from '../../contest/limit.ts';
import { takeTurns } from '../../contest/rounds.ts';
import { number, type Part, type PartOptions, table, withRange } from '../../part.ts';
import { ratios, type Spread, spread } from '../../spread.ts';
import { meansByTraining, type NetworkFigures } from './figures.ts';
import {
  figuresOf,
  JOB,
  makePackage,
  type OwnFigures,
  type OwnRun,
  planOurs,
  removeRun,
  runOurs,
  WORKERS,
} from './ours.ts';
import { type PeersFigures, type PeersWay, runTheirs, WAYS, writeJob } from './theirs.ts';

const COUNT = fileURLToPath(new URL('./count.ts', import.meta.url));

const GOAL = 0.8;
const MOST_ROUNDS = 3;
/** The engines of a pool on the processors. */
const ENGINES = ['tensorflow', 'wasm'];

interface JobRow {
  readonly engine: string;
  /** Seconds on the wall, and their ratio to the peers'. */
  readonly seconds: Spread;
  readonly ratio: Spread;
  /** The ratio that the products of ours alone would have, at the machine's fastest rate; null by processor time. */
  readonly reach: number | null;
  /** Of the last round. */
  readonly figures: OwnFigures;
  readonly peers: {
    readonly way: string;
    readonly seconds: Spread;
    /** Of the first run of each way, by which one was chosen. */
    readonly tried: readonly { readonly way: string; readonly seconds: number }[];
    readonly figures: PeersFigures;
  };
}

export const jobs: Part<JobRow> = {
  id: 'jobs',
  title: 'A whole job beside PyTorch and captum',
  about: `Seconds on the wall (also with \`--clock processor\`) of a cut of the quick profile: BlockMNIST, \`${JOB.models}\`, ${JOB.trainings.map((id) => `\`${id}\``).join(' and ')} training, 3 networks of each, the profile's epochs; all test images attributed by ${JOB.methods.map((id) => `\`${id}\``).join(', ')}; the shares of each map in the null block. Counted on both sides: start of the command, imports, reading, training, test accuracy clean and attacked, attribution, shares. Ours is \`attribench run\` of the package that users install (\`npm run pack\`: compiled) with ${WORKERS} workers in an empty cache folder; counted for it alone: planning, the workers' start, making the images, writing and reading weights and maps with their checksums, records and table. PyTorch gets the same images (from one file), initial weights and numbers of epochs, computes the same shares in tensors and writes no maps; the better of one process of 2 threads and 2 processes of one thread that share the networks. Not counted for either: installing. Ratios are times, ours over PyTorch: below 1 is faster. Work is the seconds inside steps, summed over processes, without any start or import. Products alone: the ratio that the products of all our steps would have by themselves, at the fastest rate at which either side multiplies 1024 x 1024 matrices on all cores.`,
  async *measure(options, versions) {
    const engines = options.engines.filter((engine) => ENGINES.includes(engine));
    const [first] = engines;
    if (first === undefined) throw new Error(`[attribench] no engine of ${ENGINES.join(' and ')} is present`);
    const limit = await measureLimit(options);
    const folder = await makePackage();
    const source = await runOurs(folder, first);
    try {
      const plan = await planOurs(first);
      versions({ [`engine ${first}`]: plan.engine.version });
      const job = await writeJob(plan, source, await figuresOf(plan, source));
      const tried: { way: PeersWay; seconds: number }[] = [];
      for (const way of WAYS) tried.push({ way, seconds: (await runTheirs(job, way)).seconds });
      const { way } = tried.reduce((a, b) => (a.seconds <= b.seconds ? a : b));
      const least = limit === null ? null : limit.seconds(await countFlop(first, source));
      for await (const row of contest({ engines, folder, job, way, tried }, options, versions)) {
        yield { ...row, reach: least === null ? null : least / row.peers.seconds.median };
      }
    } finally {
      await removeRun(source);
    }
  },
  line: ({ engine, seconds, ratio, peers }) =>
    `${engine} ${withRange(seconds)} s; PyTorch ${withRange(peers.seconds)} s (${peers.way}); ratio ${withRange(ratio)}`,
  markdown: (rows) => [secondsTable(rows), agreementTable(rows)].join('\n\n'),
  goals: (rows) => [
    {
      what: 'The quick BlockMNIST job: time, tensorflow / PyTorch',
      sense: 'at most',
      bound: GOAL,
      measured: judged(rows)?.ratio ?? null,
      reach: judged(rows)?.reach ?? undefined,
    },
  ],
};

const judged = (rows: readonly JobRow[]) => rows.find(({ engine }) => engine === 'tensorflow');

/** Floating-point operations of the products of a run's steps. */
async function countFlop(engine: string, { home }: OwnRun): Promise<number> {
  const { flop } = await measuredBy(COUNT, [engine, home], { environment: { ATTRIBENCH_GRAPHS: 'off' } });
  return flop;
}

interface Contest {
  readonly engines: readonly string[];
  /** Of our package. */
  readonly folder: string;
  /** The peers' job. */
  readonly job: string;
  readonly way: PeersWay;
  readonly tried: readonly { way: PeersWay; seconds: number }[];
}

async function* contest(
  { engines, folder, job, way, tried }: Contest,
  { rounds }: PartOptions,
  versions: (found: { readonly [name: string]: string }) => void,
): AsyncGenerator<Omit<JobRow, 'reach'>> {
  const last = new Map<string, OwnFigures>();
  let theirs: PeersFigures | undefined;
  const ourTurn = (engine: string) => async () => {
    const run = await runOurs(folder, engine);
    try {
      last.set(engine, await figuresOf(await planOurs(engine), run));
    } finally {
      await removeRun(run);
    }
    return run.seconds;
  };
  const theirTurn = async () => {
    const { seconds, figures } = await runTheirs(job, way);
    theirs = figures;
    return seconds;
  };
  const [peersSeconds = [], ...ownSeconds] = await takeTurns([theirTurn, ...engines.map(ourTurn)], {
    most: Math.min(rounds, MOST_ROUNDS),
    seconds: 0,
  });
  if (theirs === undefined) throw new Error('[attribench] the peers had no turn');
  versions({ torch: theirs.torch });
  for (const [i, engine] of engines.entries()) {
    const seconds = ownSeconds[i] ?? [];
    const figures = last.get(engine);
    if (figures === undefined) throw new Error(`[attribench] ${engine} had no turn`);
    yield {
      engine,
      seconds: spread(seconds),
      ratio: spread(ratios(seconds, peersSeconds)),
      figures,
      peers: {
        way: way.label,
        seconds: spread(peersSeconds),
        tried: tried.map((one) => ({ way: one.way.label, seconds: one.seconds })),
        figures: theirs,
      },
    };
  }
}

function secondsTable(rows: readonly JobRow[]): string {
  const work = (by: { readonly [kind: string]: number }) =>
    Object.entries(by)
      .map(([kind, seconds]) => `${kind} ${number(seconds)}`)
      .join(', ');
  return table(
    [
      'engine',
      'n',
      'ours, s',
      'PyTorch, s',
      'ours / PyTorch',
      'products alone / PyTorch',
      'work of ours, s',
      'work of PyTorch, s',
    ],
    rows.map(({ engine, seconds, ratio, reach, figures, peers }) => [
      engine,
      String(ratio.n),
      withRange(seconds),
      `${withRange(peers.seconds)}, ${peers.way} (tried once: ${peers.tried.map((one) => `${one.way} ${number(one.seconds)}`).join(', ')})`,
      withRange(ratio),
      engine === 'tensorflow' && reach !== null ? number(reach) : '',
      work(figures.work),
      work(peers.figures.work),
    ]),
  );
}

/** Whether the sides found the same: means over the networks of a training. */
function agreementTable(rows: readonly JobRow[]): string {
  const sides: readonly (readonly [string, readonly NetworkFigures[]])[] = [
    ...rows.map(({ engine, figures }) => [engine, figures.networks] as const),
    ...(rows[0] === undefined ? [] : [['PyTorch', rows[0].peers.figures.networks] as const]),
  ];
  const share = (value: number) => (100 * value).toFixed(1);
  const cells = JOB.trainings.flatMap((training) =>
    sides.flatMap(([side, networks]) =>
      meansByTraining(networks)
        .filter((found) => found.training === training)
        .map(({ epochs, testAccuracy, robustAccuracy, leakage }) => [
          training,
          side,
          number(epochs),
          share(testAccuracy),
          share(robustAccuracy),
          ...JOB.methods.map((method) => share(leakage[method]?.mass ?? Number.NaN)),
        ]),
    ),
  );
  const head = ['training', 'side', 'epochs', 'accuracy, %', 'attacked, %', ...JOB.methods];
  return `What the sides found (means over 3 networks; by method the share of |attribution| in the null block, in %):\n\n${table(head, cells)}`;
}
