/** Jobs of a contest, by kind, on the current engine. */
import type { Json } from 'attribench';
import { type AttributionJob, attribution } from './attribution.ts';
import { type ConvolutionJob, convolutions } from './convolutions.ts';
import { type DiffroarJob, diffroar } from './diffroar.ts';
import { type ProductsJob, products } from './products.ts';
import { type RetrainingsJob, retrainings } from './retrainings.ts';
import { type TrainingJob, training } from './training.ts';

/** What both sides are asked to do; the other fields are the kind's own. */
export interface ContestJob {
  readonly kind: string;
  readonly network: string;
  readonly classes: number;
  /** The network's weights and images; see networks.ts. */
  readonly file: string;
  readonly [setting: string]: Json;
}

export interface PreparedJob {
  run(): Promise<void>;
  /** Writes what the last run computed. */
  save?(path: string): Promise<void>;
  dispose(): void;
}

export async function prepare(job: ContestJob): Promise<PreparedJob> {
  switch (job.kind) {
    case 'attribution':
      return attribution(job as AttributionJob);
    case 'training':
      return training(job as TrainingJob);
    case 'products':
      return products(job as ProductsJob);
    case 'convolution':
      return convolutions(job as ConvolutionJob);
    case 'retrainings':
      return retrainings(job as RetrainingsJob);
    case 'diffroar':
      return diffroar(job as DiffroarJob);
    default:
      throw new RangeError(`[attribench] a job of kind "${job.kind}"`);
  }
}
