/**
 * The part `training`: a step of training and a step of adversarial training, beside the same in PyTorch.
 *
 * Both sides at the better of one and two threads; SGD with momentum and weight decay, the L2 adversary with 8 steps.
 */
import { DESCENT } from 'attribench';
import { ours, peers } from '../contest/contestant.ts';
import { timedNetwork, writeNetworkFile } from '../contest/networks.ts';
import {
  fastest,
  ratios,
  rounds,
  type Spread,
  spread,
  threadsLabel,
  waysOfOurs,
  waysOfPeers,
} from '../contest/rounds.ts';
import type { TrainingJob } from '../contest/training.ts';
import { number, type Part, table, withRange } from '../part.ts';

interface TimedTraining {
  readonly network: string;
  readonly batch: number;
  /** Steps in one run, clean and adversarial. */
  readonly steps: readonly [clean: number, adversarial: number];
}

const TRAININGS: readonly TimedTraining[] = [
  { network: 'mlp-784', batch: 256, steps: [30, 6] },
  { network: 'mlp-1568', batch: 256, steps: [10, 2] },
  { network: 'resnet-18', batch: 64, steps: [3, 1] },
];

const ADVERSARY = { norm: 'l2', eps: 1, steps: 8 } as const;

interface TrainingRow {
  readonly network: string;
  readonly batch: number;
  readonly adversarial: boolean;
  /** Milliseconds a step. */
  readonly ours: readonly {
    readonly engine: string;
    readonly step: Spread;
    readonly ratio: Spread;
    readonly way: string;
  }[];
  readonly peers: { readonly step: Spread; readonly way: string };
}

export const training: Part<TrainingRow> = {
  id: 'training',
  title: 'Training steps beside PyTorch',
  about:
    'Milliseconds a step of the real training loop (batches gathered, forward, backward, momentum and weight decay); an adversarial step makes its batch by 8 steps of the L2 adversary first. Ratios are times, ours over PyTorch: below 1 is faster. Both sides at the better of one and two threads; wasm has one.',
  async *measure({ rounds: count, clock, networks }, versions) {
    const native = waysOfOurs('tensorflow', clock);
    const wasm = ours('wasm', 1);
    const torch = peers();
    try {
      for (const { network, batch, steps } of TRAININGS.filter((one) => networks?.includes(one.network) ?? true)) {
        const file = await writeNetworkFile(network);
        const { classes } = timedNetwork(network);
        for (const adversarial of [false, true]) {
          const jobOf = (stepsOfJob: number): TrainingJob => ({
            kind: 'training',
            network,
            classes,
            file,
            batch,
            steps: stepsOfJob,
            settings: { ...DESCENT, learningRate: 0.01, epochs: 1, stopBelow: 0, batchSize: batch },
            adversary: adversarial ? ADVERSARY : null,
          });
          const many = adversarial ? steps[1] : steps[0];
          const few = Math.max(1, Math.round(many / 4));
          for (const { contestant } of native) versions(await contestant.prepare(jobOf(many)));
          versions(await torch.prepare(jobOf(many)));
          versions(await wasm.prepare(jobOf(few)));
          const best = await fastest(native, clock);
          const bestOfTorch = await fastest(waysOfPeers(torch, clock), clock);
          const alone = { contestant: wasm, options: {}, label: threadsLabel(1) };
          await wasm.run();
          const [oursSeconds = [], torchSeconds = [], wasmSeconds = []] = await rounds(
            [best, bestOfTorch, alone],
            count,
            clock,
          );
          const perStep = (seconds: readonly number[], stepsOfJob: number) =>
            seconds.map((value) => (1000 * value) / stepsOfJob);
          const torchSteps = perStep(torchSeconds, many);
          const side = (engine: string, stepsOfSide: number[], way: string) => ({
            engine,
            step: spread(stepsOfSide),
            ratio: spread(ratios(stepsOfSide, torchSteps)),
            way,
          });
          yield {
            network,
            batch,
            adversarial,
            ours: [
              side('tensorflow', perStep(oursSeconds, many), best.label),
              side('wasm', perStep(wasmSeconds, few), alone.label),
            ],
            peers: { step: spread(torchSteps), way: bestOfTorch.label },
          };
        }
      }
    } finally {
      await Promise.all([...native.map(({ contestant }) => contestant), wasm, torch].map((one) => one.end()));
    }
  },
  line: (row) =>
    `${titleOf(row)}: ${row.ours.map(({ engine, step, ratio }) => `${engine} ${number(step.median)} ms, ratio ${withRange(ratio)}`).join('; ')}; PyTorch ${number(row.peers.step.median)} ms`,
  markdown: (rows) =>
    table(
      ['step', 'PyTorch, ms', 'engine', 'ours, ms', 'ours / PyTorch'],
      rows.flatMap((row) =>
        row.ours.map(({ engine, step, ratio, way }) => [
          titleOf(row),
          `${withRange(row.peers.step)}, ${row.peers.way}`,
          engine,
          `${withRange(step)}, ${way}`,
          withRange(ratio),
        ]),
      ),
    ),
};

function titleOf({ network, batch, adversarial }: TrainingRow): string {
  return `${timedNetwork(network).title}, batch ${batch}, ${adversarial ? 'adversarial' : 'clean'}`;
}
