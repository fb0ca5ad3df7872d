/**
 * Distributions, each loaded when it is first asked for: together they are hundreds of small files, which take longer to
 * load than most commands take to start.
 */
import { createRequire } from 'node:module';
import type standardlibNormalQuantile from '@stdlib/stats-base-dists-normal-quantile';
import type standardlibTCdf from '@stdlib/stats-base-dists-t-cdf';
import type standardlibTQuantile from '@stdlib/stats-base-dists-t-quantile';

const require = createRequire(import.meta.url);

/** The quantile of the standard normal distribution at p. */
export function normalQuantile(p: number): number {
  const quantile: typeof standardlibNormalQuantile = require('@stdlib/stats-base-dists-normal-quantile');
  return quantile(p, 0, 1);
}

/** The quantile of Student's t distribution at p. */
export function tQuantile(p: number, degreesOfFreedom: number): number {
  const quantile: typeof standardlibTQuantile = require('@stdlib/stats-base-dists-t-quantile');
  return quantile(p, degreesOfFreedom);
}

/** The share of Student's t distribution up to t. */
export function tCdf(t: number, degreesOfFreedom: number): number {
  const cdf: typeof standardlibTCdf = require('@stdlib/stats-base-dists-t-cdf');
  return cdf(t, degreesOfFreedom);
}
