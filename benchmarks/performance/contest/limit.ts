/**
 * How far a job of ours could be brought by doing nothing but the products and convolutions that it calls, at the fastest rate
 * at which either side multiplies large squares on this machine. A goal beyond that takes another algorithm.
 */
import { availableParallelism } from 'node:os';
import { type PartOptions, reason } from '../part.ts';
import { type Contestant, type Counter, counter, ours, peers, team } from './contestant.ts';
import type { ContestJob } from './prepare.ts';
import type { ProductsJob } from './products.ts';

/** The engine whose goals are judged, and whose operations are counted. */
const ENGINE = 'tensorflow';

const SQUARES: ProductsJob = { kind: 'products', network: 'none', classes: 0, file: '', size: 1024, times: 20 };
const RUNS = 5;

export interface Limit {
  /** Seconds that a job's products and convolutions take at the machine's fastest rate, all cores computing; null where it fails. */
  secondsOf(job: ContestJob): Promise<number | null>;
  /** The same of so many floating-point operations. */
  seconds(flop: number): number;
  end(): Promise<void>;
}

/**
 * Measures the machine's rate of products; to be called before any other contestant starts.
 *
 * null by processor time, and where the engine that is judged is not timed or something fails, which is told.
 */
export async function measureLimit({ clock, engines, problem }: PartOptions): Promise<Limit | null> {
  if (clock !== 'wall' || !engines.includes(ENGINE)) return null;
  try {
    return limitAt(await fastestRate(), () => counter(ENGINE), problem);
  } catch (thrown) {
    problem(`the rate of products could not be measured: ${reason(thrown)}`);
    return null;
  }
}

/** Floating-point operations a second, on all cores. */
async function fastestRate(): Promise<number> {
  const cores = availableParallelism();
  const ofAll = (member: () => Contestant) => team(Array.from({ length: cores }, member), (job) => job);
  const ways = [
    { contestant: () => ours(ENGINE, cores), threads: cores, processes: 1 },
    { contestant: () => ofAll(() => ours(ENGINE, 1)), threads: 1, processes: cores },
    { contestant: peers, threads: cores, processes: 1 },
    { contestant: () => ofAll(peers), threads: 1, processes: cores },
  ];
  let fastest = 0;
  for (const { contestant: start, threads, processes } of ways) {
    const contestant = start();
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
  return fastest;
}

/** The limit of a machine that multiplies at a rate, in floating-point operations a second; counts by what `start` starts. */
export function limitAt(rate: number, start: () => Counter, problem: (sentence: string) => void): Limit {
  const seconds = (flop: number) => flop / rate;
  let counting: Counter | undefined;
  return {
    seconds,
    secondsOf: async (job) => {
      try {
        counting ??= start();
        await counting.prepare(job);
        return seconds(await counting.flop());
      } catch (thrown) {
        problem(`the products of a job of kind ${job.kind} on ${job.network} could not be counted: ${reason(thrown)}`);
        return null;
      }
    },
    end: async () => counting?.end(),
  };
}

const flopOf = ({ size, times }: ProductsJob): number => 2 * size ** 3 * times;
