/** The jobs whose time is divided. */
import { DESCENT, type Json, resolveParameters } from 'attribench';
import integratedGradients from '../../../../methods/integrated-gradients.ts';
import { timedNetwork } from '../../contest/networks.ts';

export interface ProfiledJob {
  readonly title: string;
  /** Steps (training steps, or images explained) in one run. */
  readonly steps: number;
  /** A contest's job, but for its file. */
  readonly job: {
    readonly kind: string;
    readonly network: string;
    readonly classes: number;
    readonly [setting: string]: Json;
  };
}

const ADVERSARY = { norm: 'l2', eps: 1, steps: 8 } as const;

export const PROFILED: readonly ProfiledJob[] = [
  trained('mlp-784', 256, 60, false),
  trained('mlp-784', 256, 20, true),
  trained('resnet-18', 64, 20, false),
  {
    title: 'integrated gradients, MLP 1568, 50 points: an image',
    steps: 16,
    job: {
      kind: 'attribution',
      network: 'mlp-1568',
      classes: timedNetwork('mlp-1568').classes,
      method: 'integrated-gradients',
      settings: resolveParameters(integratedGradients, { steps: 50 }),
      images: 16,
    },
  },
];

function trained(network: string, batch: number, steps: number, adversarial: boolean): ProfiledJob {
  const { title, classes } = timedNetwork(network);
  return {
    title: `${title}, batch ${batch}: ${adversarial ? 'a PGD step (8 steps of the adversary)' : 'a training step'}`,
    steps,
    job: {
      kind: 'training',
      network,
      classes,
      batch,
      steps,
      settings: { ...DESCENT, learningRate: 0.01, epochs: 1, stopBelow: 0, batchSize: batch },
      adversary: adversarial ? ADVERSARY : null,
    },
  };
}
