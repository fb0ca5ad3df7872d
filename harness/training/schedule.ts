/**
 * The learning rate over a training: linear warm-up, then step decay.
 */

export interface Schedule {
  readonly learningRate: number;
  /** Epochs over which the rate rises linearly, step by step; 0 for none. */
  readonly warmupEpochs: number;
  /** Epochs between two decays. */
  readonly decayEvery: number;
  readonly decayFactor: number;
}

/** The rate of one step; epochs and steps count from 0. */
export function learningRateAt(schedule: Schedule, epoch: number, step: number, stepsPerEpoch: number): number {
  const { learningRate, warmupEpochs, decayEvery, decayFactor } = schedule;
  const decayed = learningRate * decayFactor ** Math.floor(epoch / decayEvery);
  const warmupSteps = warmupEpochs * stepsPerEpoch;
  return decayed * Math.min(1, (epoch * stepsPerEpoch + step + 1) / Math.max(1, warmupSteps));
}
