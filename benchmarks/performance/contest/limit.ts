/**
 * How far a job of ours could be brought by doing nothing but the products and convolutions that it calls: products at the
 * fastest rate at which either side multiplies large squares on this machine, each convolution and each of its gradients in
 * the time of the side that computes that very one faster. A goal beyond takes other kernels or another algorithm.
 */
import { availableParallelism } from 'node:os';
import { type PartOptions, reason } from '../part.ts';
import type { Arithmetic } from './arithmetic.ts';
import { type Contestant, type Counter, counter, ours, peers, team } from './contestant.ts';
import type { Convolution, ConvolutionJob } from './convolutions.ts';
import type { ContestJob } from './prepare.ts';
import type { ProductsJob } from './products.ts';

/** The engine whose goals are judged, and whose operations are counted. */
const ENGINE = 'tensorflow';

const SQUARES: ProductsJob = { kind: 'products', network: 'none', classes: 0, file: '', size: 1024, times: 20 };
const RUNS = 5;
/** Of one convolution in a run. */
const TIMES = 5;

export interface Limit {
  /** Seconds that a job's products and convolutions take at the machine's best, all cores computing; null where it fails. */
  secondsOf(job: ContestJob): Promise<number | null>;
  /** The same of so many floating-point operations of products. */
  seconds(flop: number): number;
  end(): Promise<void>;
}

/** A way of using all cores for one kind of work: one process of as many threads, or as many processes of one. */
interface Way {
  readonly contestant: () => Contestant;
  readonly threads: number;
  readonly processes: number;
  /** In which orders of channels it computes convolutions. */
  readonly layouts: readonly ConvolutionJob['layout'][];
}

function allWays(): readonly Way[] {
  const cores = availableParallelism();
  const ofAll = (member: () => Contestant) => team(Array.from({ length: cores }, member), (job) => job);
  const layouts = ['first', 'last'] as const;
  return [
    { contestant: () => ours(ENGINE, cores), threads: cores, processes: 1, layouts: ['last'] },
    { contestant: () => ofAll(() => ours(ENGINE, 1)), threads: 1, processes: cores, layouts: ['last'] },
    { contestant: peers, threads: cores, processes: 1, layouts },
    { contestant: () => ofAll(peers), threads: 1, processes: cores, layouts },
  ];
}

/**
 * Measures the machine's rate of products; to be called before any other contestant starts.
 *
 * null by processor time, and where the engine that is judged is not timed or something fails, which is told.
 */
export async function measureLimit({ clock, engines, problem }: PartOptions): Promise<Limit | null> {
  if (clock !== 'wall' || !engines.includes(ENGINE)) return null;
  try {
    return limitAt(await fastestRate(), { count: () => counter(ENGINE), convolve: timedConvolutions }, problem);
  } catch (thrown) {
    problem(`the rate of products could not be measured: ${reason(thrown)}`);
    return null;
  }
}

/** Floating-point operations a second, on all cores. */
async function fastestRate(): Promise<number> {
  let fastest = 0;
  for (const { contestant: start, threads, processes } of allWays()) {
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

/** Times convolutions. */
export interface ConvolutionTimer {
  /** Seconds that all cores take for one. */
  secondsOf(convolution: Convolution): Promise<number>;
  end(): Promise<void>;
}

/** Each convolution by the fastest of all ways, timed once. */
function timedConvolutions(): ConvolutionTimer {
  const ways = allWays().map((way) => ({ ...way, contestant: way.contestant() }));
  const known = new Map<string, number>();
  const timed = async (convolution: Convolution): Promise<number> => {
    let least = Number.POSITIVE_INFINITY;
    for (const { contestant, threads, processes, layouts } of ways) {
      for (const layout of layouts) {
        await contestant.prepare(convolutionJob(convolution, layout));
        for (let run = 0; run < RUNS; run++) {
          const { wall } = await contestant.run({ threads });
          least = Math.min(least, wall / (processes * TIMES));
        }
      }
    }
    return least;
  };
  return {
    secondsOf: async (convolution) => {
      const key = JSON.stringify(convolution);
      const seconds = known.get(key) ?? (await timed(convolution));
      known.set(key, seconds);
      return seconds;
    },
    end: async () => void (await Promise.all(ways.map(({ contestant }) => contestant.end()))),
  };
}

function convolutionJob(convolution: Convolution, layout: ConvolutionJob['layout']): ConvolutionJob {
  const none = { network: 'none', classes: 0, file: '' };
  return { kind: 'convolution', ...none, convolution: { ...convolution }, times: TIMES, layout };
}

/** What counts jobs and times convolutions, started when first needed. */
export interface LimitSources {
  count(): Counter;
  convolve(): ConvolutionTimer;
}

/** The limit of a machine that multiplies at a rate, in floating-point operations a second. */
export function limitAt(rate: number, sources: LimitSources, problem: (sentence: string) => void): Limit {
  const seconds = (flop: number) => flop / rate;
  let counting: Counter | undefined;
  let convolving: ConvolutionTimer | undefined;
  const secondsOfAll = async ({ products, convolutions }: Arithmetic): Promise<number> => {
    let sum = seconds(products);
    for (const { convolution, count } of convolutions) {
      convolving ??= sources.convolve();
      sum += count * (await convolving.secondsOf(convolution));
    }
    return sum;
  };
  return {
    seconds,
    secondsOf: async (job) => {
      try {
        counting ??= sources.count();
        await counting.prepare(job);
        return await secondsOfAll(await counting.arithmetic());
      } catch (thrown) {
        problem(`the products of a job of kind ${job.kind} on ${job.network} could not be counted: ${reason(thrown)}`);
        return null;
      }
    },
    end: async () => void (await Promise.all([counting?.end(), convolving?.end()])),
  };
}

const flopOf = ({ size, times }: ProductsJob): number => 2 * size ** 3 * times;
