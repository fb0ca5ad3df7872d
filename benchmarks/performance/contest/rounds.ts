/**
 * Ours beside the peers: the same job on both sides, taking turns, so that a busy machine hits both alike.
 *
 * Each side first tries its ways of running (threads, batch sizes) and keeps the fastest; then come the rounds. A
 * round's ratio compares runs that lie beside each other in time.
 */
import { availableParallelism } from 'node:os';
import type { AttributionJob } from './attribution.ts';
import { type Clock, type Contestant, ours, peers, type RunOptions, team } from './contestant.ts';

/** One way of running a prepared job. */
export interface Way {
  readonly contestant: Contestant;
  readonly options: RunOptions;
  /** Each has an image at least. */
  readonly processes: number;
  /** How the way is called in the report: '2 threads', '1 thread, 256 rows'. */
  readonly label: string;
}

/** On the wall's clock one thread and one a core; processor time is compared for one alone. */
export const threadCounts = (clock: Clock): readonly number[] => (clock === 'wall' ? [1, availableParallelism()] : [1]);

export const threadsLabel = (threads: number): string => `${threads} ${threads === 1 ? 'thread' : 'threads'}`;

/** Engines that compute with as many threads as they are given; the others choose for themselves. */
const THREADED = ['tensorflow'];

/** An engine of ours, in a process of one and one of all threads where it has a choice. */
export function waysOfOurs(engine: string, clock: Clock): readonly Way[] {
  return (THREADED.includes(engine) ? threadCounts(clock) : [1]).map((threads) => ({
    contestant: ours(engine, threads),
    options: {},
    processes: 1,
    label: threadsLabel(threads),
  }));
}

/** The peers with one thread and one a core, and with each of the batch sizes where there are any. */
export function waysOfPeers(contestant: Contestant, clock: Clock, batches: readonly number[] = []): readonly Way[] {
  return threadCounts(clock).flatMap((threads) =>
    inBatches({ contestant, options: { threads }, processes: 1, label: threadsLabel(threads) }, batches),
  );
}

/** Ways of attributing: those of one process, and one process of one thread a core, each with its share of the images. */
export function attributingWays(engine: string, clock: Clock): readonly Way[] {
  const alone = waysOfOurs(engine, clock);
  return clock === 'wall' ? [...alone, imageTeam(() => ours(engine, 1))] : alone;
}

/** The same of the peers. */
export function attributingPeers(clock: Clock): (batches: readonly number[]) => readonly Way[] {
  const one = peers();
  const all = clock === 'wall' ? [imageTeam(peers)] : [];
  return (batches) => [...waysOfPeers(one, clock, batches), ...all.flatMap((way) => inBatches(way, batches))];
}

function inBatches(way: Way, batches: readonly number[]): readonly Way[] {
  if (batches.length === 0) return [way];
  return batches.map((rows) => ({ ...way, options: { ...way.options, rows }, label: `${way.label}, ${rows} rows` }));
}

function imageTeam(member: () => Contestant): Way {
  const processes = availableParallelism();
  const contestant = team<AttributionJob>(Array.from({ length: processes }, member), (job, place) => {
    const first = Math.round((place * job.images) / processes);
    return { ...job, first, images: Math.round(((place + 1) * job.images) / processes) - first };
  });
  return { contestant, options: { threads: 1 }, processes, label: `${processes} processes` };
}

/** A turn takes so many seconds at least, the job repeated: in a few milliseconds a machine's whims decide. */
const TURN = 0.3;

/** Of the ways of one side the fastest, its job repeated for a turn: each is judged by the best of three turns, once warm. */
export async function fastest(ways: readonly Way[], clock: Clock): Promise<Way> {
  let best: { way: Way; cold: number; seconds: number } | undefined;
  for (const way of ways) {
    const cold = (await way.contestant.run(way.options))[clock];
    // Far behind the best one's own first run, start and all, it is not the fastest.
    if (best !== undefined && cold > 2.5 * best.cold) continue;
    let seconds = cold;
    for (let turn = 0; turn < 3; turn++) {
      seconds = Math.min(seconds, (await way.contestant.run({ ...way.options, repeats: repeatsOf(seconds) }))[clock]);
    }
    if (best === undefined || seconds < best.seconds) best = { way, cold, seconds };
  }
  if (best === undefined) throw new RangeError('[attribench] no way of running a job');
  const { way, seconds } = best;
  return { ...way, options: { ...way.options, repeats: repeatsOf(seconds) } };
}

const repeatsOf = (seconds: number): number => Math.max(1, Math.ceil(TURN / seconds));

/** How many rounds: `most`, or fewer, but at least 3, once so many seconds have passed. */
export interface RoundLimit {
  readonly most: number;
  readonly seconds: number;
}

const LEAST = 3;

/**
 * Seconds of each way in each round, ways taking turns; the order alternates, so that none always follows another.
 *
 * A loop of a benchmark library would run one way to its end before the next, in one process.
 */
export function rounds(ways: readonly Way[], limit: RoundLimit, clock: Clock): Promise<readonly (readonly number[])[]> {
  return takeTurns(
    ways.map(
      ({ contestant, options }) =>
        async () =>
          (await contestant.run(options))[clock],
    ),
    limit,
  );
}

/** What each side measures in each round, by side. */
export async function takeTurns(
  sides: readonly (() => Promise<number>)[],
  { most, seconds }: RoundLimit,
): Promise<readonly (readonly number[])[]> {
  const started = performance.now();
  const values: number[][] = sides.map(() => []);
  for (let round = 0; round < most; round++) {
    if (round >= LEAST && performance.now() - started > 1000 * seconds) break;
    const order = sides.map((_, i) => i);
    if (round % 2 === 1) order.reverse();
    for (const i of order) values[i]?.push((await sides[i]?.()) ?? Number.NaN);
  }
  return values;
}
