/**
 * The part `matmul`: products, convolutions and training steps on every engine present and in PyTorch, on one core.
 *
 * Rates stand beside the engine's own best product of the same run: what the machine gives that engine at all.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { enginesPresent } from '../../../../harness/engine/index.ts';
import { lastLine, measuredBy } from '../../child.ts';
import { peersPython } from '../../contest/contestant.ts';
import type { Goal } from '../../goals.ts';
import { number, type Part, reason, table } from '../../part.ts';
import type { Spread } from '../../spread.ts';
import type { Timing } from './measure.ts';

const measure = fileURLToPath(new URL('./measure.ts', import.meta.url));
const operations = fileURLToPath(new URL('../../../peers/operations.py', import.meta.url));

type PeerTiming = Pick<Timing, 'median' | 'fastest' | 'slowest' | 'n'>;

export interface MatmulRow {
  readonly engine: string;
  readonly timings: readonly Timing[];
  /** PyTorch's, by job; empty where it is not installed. */
  readonly peers: { readonly [job: string]: PeerTiming };
}

export const matmul: Part<MatmulRow> = {
  id: 'matmul',
  title: 'Products, convolutions and training steps, one thread',
  about:
    "Processor time of one thread, medians with the fastest and the slowest call; PyTorch is timed first, then engine by engine. A gradient is timed together with the forward pass that it needs, on both sides. Share: of the same engine's fastest product; a training step counts its products. Ratios are times, ours over PyTorch: below 1 is faster.",
  async *measure({ problem }, versions) {
    const peers = await peerTimings(versions).catch((thrown) => {
      problem(`PyTorch could not be timed: ${reason(thrown)}`);
      return {};
    });
    for (const { name, present, version } of await enginesPresent()) {
      // Hours of plain JavaScript would tell nobody anything.
      if (name === 'cpu' || !present) continue;
      versions({ [`engine ${name}`]: version });
      try {
        yield { engine: name, timings: await measuredBy(measure, [name]), peers };
      } catch (thrown) {
        problem(`${name} could not be timed: ${reason(thrown)}`);
      }
    }
  },
  line: (row) =>
    `${row.engine}: ${row.timings.map((timing) => `${timing.title} ${number(rate(timing))} GFLOP/s, ${sharePercent(timing, row)}`).join('; ')}`,
  markdown: (rows) =>
    table(
      ['job', 'engine', 'ms', 'n', 'GFLOP/s', 'share', 'PyTorch, ms', 'ours / PyTorch'],
      rows.flatMap((row) =>
        row.timings.map((timing) => {
          const peer = row.peers[timing.id];
          return [
            timing.title,
            row.engine,
            milliseconds(timing),
            String(timing.n),
            number(rate(timing)),
            sharePercent(timing, row),
            peer === undefined ? '' : milliseconds(peer),
            peer === undefined ? '' : number(timing.median / peer.median),
          ];
        }),
      ),
    ),
  goals: (rows) => [
    goal(rows, 'wasm', 'mlp-1568-step', 'MLP 1568 training', 0.7),
    goal(rows, 'wasm', 'convolution-3-64-64-1-input', 'convolution, gradient of the input', 0.6),
    goal(rows, 'wasm', 'convolution-3-64-64-1-filter', 'convolution, gradient of the filter', 0.6),
    goal(rows, 'tensorflow', 'mlp-1568-step', 'MLP 1568 training', 0.6),
  ],
};

async function peerTimings(
  versions: (found: { readonly [name: string]: string }) => void,
): Promise<MatmulRow['peers']> {
  const { stdout } = await promisify(execFile)(peersPython(), [operations]);
  const { version, timings } = lastLine(stdout);
  versions({ torch: version });
  return timings;
}

function goal(rows: readonly MatmulRow[], engine: string, job: string, what: string, bound: number): Goal {
  const row = rows.find((one) => one.engine === engine);
  const timing = row?.timings.find(({ id }) => id === job);
  return {
    what: `${what}, ${engine}: share of its rate of products`,
    sense: 'at least',
    bound,
    unit: 'share',
    measured: row === undefined || timing === undefined ? null : share(timing, row),
  };
}

/** Billions of operations a second, at the median. */
function rate({ flop, median }: Pick<Timing, 'flop' | 'median'>): number {
  return flop / median / 1e6;
}

/** Of the row's fastest product, by the medians; the range by the fastest and the slowest call. */
export function share({ flop, median, fastest, slowest, n }: Timing, { timings }: Pick<MatmulRow, 'timings'>): Spread {
  const best = Math.max(...timings.filter(({ kind }) => kind === 'product').map(rate));
  const of = (milliseconds: number) => rate({ flop, median: milliseconds }) / best;
  return { median: of(median), low: of(slowest), high: of(fastest), n };
}

function sharePercent(timing: Timing, row: MatmulRow): string {
  return `${Math.round(100 * share(timing, row).median)} %`;
}

function milliseconds({ median, fastest, slowest }: PeerTiming): string {
  return `${number(median)} (${number(fastest)} to ${number(slowest)})`;
}
