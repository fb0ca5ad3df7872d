/** The public face of attribench: what a plugin's file imports. */
export type * from './contracts.ts';
export { batchTensor, inMemory, maskTensor, splitInMemory } from './data/batches.ts';
export { readDataFile, verifiedDataFile } from './data/files.ts';
export { drawPublished, publishedIndices, type SplitCounts } from './data/published.ts';
export { splitByClass, stratifiedSplit } from './data/split.ts';
export {
  defineCheck,
  defineDataset,
  defineMethod,
  defineModel,
  defineProfile,
  defineTraining,
  resolveParameters,
} from './define.ts';
export { NotApplicable, UsageError } from './errors.ts';
export { sha256 } from './fingerprint.ts';
export { decodeIdx } from './formats/idx.ts';
export { decodeMat } from './formats/mat.ts';
export { readTarGz } from './formats/tar.ts';
export type { ClaimResult } from './leaderboard/claims.ts';
export { classLogit, crossEntropy } from './network/objectives.ts';
export { gradientRule } from './network/rules.ts';
export { defineConfig, type ProjectConfig } from './project.ts';
export { Stream, stream } from './random.ts';
export { maskedSplit } from './removal/masked-split.ts';
export { coordinateRanking } from './removal/rankings.ts';
export { DEGRADED, type MapTransform, POST_PROCESSED, transformMap } from './removal/transforms.ts';
export {
  allPass,
  ascendingPlaces,
  averageRanks,
  type Bound,
  holm,
  type MeasureDefinition,
  markedAmongHighest,
  mean,
  measure,
  pairedComparison,
  replicates,
  spearman,
  tInterval,
  verdictAgainst,
  wilson,
} from './statistics.ts';
export * as tf from './tfjs.js';
export { accuracy, predict, robustAccuracy } from './training/evaluation.ts';
export { DESCENT } from './training/gradient-descent.ts';
export { type Adversary, attack } from './training/pgd.ts';
export { givenNetwork, trainByDescent } from './training/train.ts';
