/**
 * The part `stacking`: a training step of networks trained one by one and in stacks, on one thread of each engine.
 */
import { fileURLToPath } from 'node:url';
import { enginesPresent } from '../../../harness/engine/index.ts';
import type { MeasuredNetwork } from '../../../harness/training/stack-rule.ts';
import { measuredBy } from '../child.ts';
import { number, type Part, table, withRange } from '../part.ts';
import { ratios, type Spread, spread } from '../spread.ts';

const program = fileURLToPath(new URL('./stacking-times.ts', import.meta.url));

interface StackedNetwork {
  readonly id: string;
  readonly title: string;
  readonly side: number;
  /** Units of each of the two hidden layers. */
  readonly width: number;
  readonly batch: number;
  /** Steps that one timing takes. */
  readonly steps: number;
}

const NETWORKS: readonly StackedNetwork[] = [
  { id: 'mlp-tiny', title: 'MLP 64-16-16-10', side: 8, width: 16, batch: 32, steps: 40 },
  { id: 'mlp-256', title: 'MLP 784-256-256-10', side: 28, width: 256, batch: 128, steps: 8 },
  { id: 'mlp-784', title: 'MLP 784-784-784-10', side: 28, width: 784, batch: 256, steps: 3 },
];

interface StackingRow {
  readonly engine: string;
  readonly network: string;
  readonly batch: number;
  /** Milliseconds a step and network, and how much faster than one by one, by the size of the stack. */
  readonly sizes: readonly { readonly size: number; readonly step: Spread; readonly gain: Spread }[];
}

export const stacking: Part<StackingRow> = {
  id: 'stacking',
  narrowedBy: { network: NETWORKS.map(({ id }) => id) },
  title: 'Retrainings side by side',
  about:
    'Milliseconds a training step and network, of networks trained one by one (1) and stacked: weights [R, in, out], one batched product for all. One thread; images already in memory, gathered for every step. The gain is the time one by one over that in a stack, in the same round.',
  async *measure({ rounds, clock, networks }, versions) {
    for (const { name, present, version } of await enginesPresent()) {
      if (name === 'cpu' || !present) continue;
      versions({ [`engine ${name}`]: version });
      for (const network of NETWORKS.filter(({ id }) => networks?.includes(id) ?? true)) {
        const times: { readonly [size: string]: readonly number[] } = await measuredBy(program, [
          name,
          JSON.stringify(measured(network)),
          `${network.steps}`,
          `${rounds}`,
          clock,
        ]);
        const alone = times['1'] ?? [];
        yield {
          engine: name,
          network: network.title,
          batch: network.batch,
          sizes: Object.entries(times).map(([size, own]) => ({
            size: Number(size),
            step: spread(own),
            gain: spread(ratios(alone, own)),
          })),
        };
      }
    }
  },
  line: ({ engine, network, sizes }) =>
    `${engine}, ${network}: ${sizes.map(({ size, step, gain }) => `${size}: ${number(step.median)} ms, ${number(gain.median)}x`).join('; ')}`,
  markdown: (rows) =>
    table(
      [
        'engine',
        'network',
        'batch',
        ...(rows[0]?.sizes.map(({ size }) => (size === 1 ? 'one by one, ms' : `${size}, ms: gain`)) ?? []),
      ],
      rows.map(({ engine, network, batch, sizes }) => [
        engine,
        network,
        `${batch}`,
        ...sizes.map(({ size, step, gain }) =>
          size === 1 ? withRange(step) : `${number(step.median)}: ${withRange(gain)}`,
        ),
      ]),
    ),
};

function measured({ side, width, batch }: StackedNetwork): MeasuredNetwork {
  const layer = (name: string, inputs: number, units: number, relu: boolean) => {
    const weight = (short: string, shape: readonly number[]) => ({
      name: `${name}/${short}`,
      shape,
      layer: name,
      type: 'Dense',
      short,
    });
    return { kernel: weight('kernel', [inputs, units]), bias: weight('bias', [units]), relu };
  };
  return {
    chain: [
      layer('hidden-1', side * side, width, true),
      layer('hidden-2', width, width, true),
      layer('logits', width, 10, false),
    ],
    inputShape: [side, side, 1],
    batch,
  };
}
