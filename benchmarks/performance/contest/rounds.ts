/**
 * Ours beside the peers: the same job on both sides, taking turns, so that a busy machine hits both alike.
 *
 * Each side first tries its ways of running (threads, batch sizes) and keeps the fastest; then come the rounds. A
 * round's ratio compares runs that lie beside each other in time; reported is the median of the ratios and their range.
 */
import { median, quantileSorted } from 'simple-statistics';
import { type Clock, type Contestant, ours, type RunOptions } from './contestant.ts';

/** One way of running a prepared job. */
export interface Way {
  readonly contestant: Contestant;
  readonly options: RunOptions;
  /** How the way is called in the report: '2 threads', '1 thread, 256 rows'. */
  readonly label: string;
}

/** On the wall's clock one thread and two; processor time is compared for one alone. */
const threadCounts = (clock: Clock): readonly number[] => (clock === 'wall' ? [1, 2] : [1]);

export const threadsLabel = (threads: number): string => `${threads} ${threads === 1 ? 'thread' : 'threads'}`;

/** An engine of ours in processes of one and of two threads. */
export function waysOfOurs(engine: string, clock: Clock): readonly Way[] {
  return threadCounts(clock).map((threads) => ({
    contestant: ours(engine, threads),
    options: {},
    label: threadsLabel(threads),
  }));
}

/** The peers with one and with two threads, and with each of the batch sizes where there are any. */
export function waysOfPeers(contestant: Contestant, clock: Clock, batches: readonly number[] = []): readonly Way[] {
  return threadCounts(clock).flatMap((threads) =>
    batches.length === 0
      ? [{ contestant, options: { threads }, label: threadsLabel(threads) }]
      : batches.map((rows) => ({
          contestant,
          options: { threads, rows },
          label: `${threadsLabel(threads)}, ${rows} rows`,
        })),
  );
}

/** A number with its spread over rounds. */
export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly n: number;
}

/** Of the ways of one side the fastest: each is run twice and judged by the better time. */
export async function fastest(ways: readonly Way[], clock: Clock): Promise<Way> {
  let best: { way: Way; seconds: number } | undefined;
  for (const way of ways) {
    const once = async () => (await way.contestant.run(way.options))[clock];
    const first = await once();
    // A way that is far behind at its first run, warm-up and all, is not the fastest.
    const seconds = best !== undefined && first > 4 * best.seconds ? first : Math.min(first, await once());
    if (best === undefined || seconds < best.seconds) best = { way, seconds };
  }
  if (best === undefined) throw new RangeError('[attribench] no way of running a job');
  return best.way;
}

/** Seconds of each way in each round, ways taking turns; the order alternates, so that none always follows another. */
export async function rounds(
  ways: readonly Way[],
  count: number,
  clock: Clock,
): Promise<readonly (readonly number[])[]> {
  const seconds: number[][] = ways.map(() => []);
  for (let round = 0; round < count; round++) {
    const order = ways.map((_, i) => i);
    if (round % 2 === 1) order.reverse();
    for (const i of order) {
      const { contestant, options } = ways[i] as Way;
      seconds[i]?.push((await contestant.run(options))[clock]);
    }
  }
  return seconds;
}

/** Median and range; of many values the range from the 5 % to the 95 % quantile. */
export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  return {
    median: median(sorted),
    low: quantileSorted(sorted, values.length < 20 ? 0 : 0.05),
    high: quantileSorted(sorted, values.length < 20 ? 1 : 0.95),
    n: values.length,
  };
}

/** Round by round a / b. */
export function ratios(a: readonly number[], b: readonly number[]): number[] {
  return a.map((value, round) => value / (b[round] as number));
}
