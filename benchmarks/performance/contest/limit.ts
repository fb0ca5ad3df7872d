/**
 * How far a job could be brought at most: its products and convolutions alone, at the fastest rate at which either side
 * multiplies on this machine. A goal beyond that is out of reach, whatever is done about everything else.
 */
import { availableParallelism } from 'node:os';
import { type Counter, counter, ours, peers, team } from './contestant.ts';
import type { ContestJob } from './prepare.ts';
import type { ProductsJob } from './products.ts';

/** The engine whose goals are judged, and whose operations are counted. */
const ENGINE = 'tensorflow';

const SQUARES: ProductsJob = { kind: 'products', network: 'none', classes: 0, file: '', size: 1024, times: 20 };
const RUNS = 5;

export interface Limit {
  /** Seconds that a job's products and convolutions take at the machine's fastest rate, all cores computing. */
  secondsOf(job: ContestJob): Promise<number>;
  /** The same of so many floating-point operations. */
  seconds(flop: number): number;
  end(): Promise<void>;
}

/** Measures the machine's rate of products. */
export async function measureLimit(): Promise<Limit> {
  const cores = availableParallelism();
  const ways = [
    { contestant: ours(ENGINE, cores), threads: cores, processes: 1 },
    {
      contestant: team(
        Array.from({ length: cores }, () => ours(ENGINE, 1)),
        same,
      ),
      threads: 1,
      processes: cores,
    },
    { contestant: peers(), threads: cores, processes: 1 },
    { contestant: team(Array.from({ length: cores }, peers), same), threads: 1, processes: cores },
  ];
  let fastest = 0;
  for (const { contestant, threads, processes } of ways) {
    try {
      await contestant.prepare(SQUARES);
      for (let run = 0; run < RUNS; run++) {
        const { wall } = await contestant.run({ threads });
        fastest = Math.max(fastest, (processes * flopOf(SQUARES)) / wall);
      }
    } finally {
      await contestant.end();
    }
  }
  return limitAt(fastest, counter(ENGINE));
}

/** The limit of a machine that multiplies at a rate, in floating-point operations a second. */
export function limitAt(rate: number, counting: Counter): Limit {
  const seconds = (flop: number) => flop / rate;
  return {
    seconds,
    secondsOf: async (job) => {
      await counting.prepare(job);
      return seconds(await counting.flop());
    },
    end: () => counting.end(),
  };
}

const same = <Job>(job: Job): Job => job;

const flopOf = ({ size, times }: ProductsJob): number => 2 * size ** 3 * times;
