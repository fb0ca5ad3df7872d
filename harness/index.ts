/** The public face of attribench: what a plugin's file imports. */
export * as tf from '@tensorflow/tfjs';
export type * from './contracts.ts';
export {
  defineCheck,
  defineDataset,
  defineMethod,
  defineModel,
  defineProfile,
  defineTraining,
} from './define.ts';
export { NotApplicable, UsageError } from './errors.ts';
export { classLogit, crossEntropy } from './network/objectives.ts';
export { Stream, stream } from './random.ts';
export {
  allPass,
  averageRanks,
  mean,
  measure,
  pairedComparison,
  replicates,
  spearman,
  tInterval,
  verdictAgainst,
} from './statistics.ts';
