/**
 * Intervals, tests and measures. The unit of replication is the training, not the image: five models
 * judged on the same images are five observations, however many images there are.
 */
export { type Comparison, holm, pairedComparison } from './statistics/comparisons.ts';
export { ascendingPlaces, markedAmongHighest } from './statistics/float-order.ts';
export { type Interval, mean, standardDeviation, tInterval, wilson } from './statistics/intervals.ts';
export {
  allPass,
  type Bound,
  type MeasureDefinition,
  measure,
  replicates,
  verdictAgainst,
} from './statistics/measures.ts';
export { averageRanks, spearman } from './statistics/ranks.ts';
