/**
 * The part `scaling`: what a unit of work costs as there is more of it, at three sizes of each axis.
 *
 * Each size has a process of its own, and the sizes take turns.
 */
import { mean } from 'attribench';
import { type Contestant, ours } from '../../contest/contestant.ts';
import { takeTurns } from '../../contest/rounds.ts';
import { number, type Part, reason, table, withRange } from '../../part.ts';
import { AXES, type Axis } from './axes.ts';
import { type Cost, costs } from './costs.ts';

const ROUNDS = 3;
const BOUND = 1.3;
const ENGINES = ['tensorflow', 'wasm'];

interface ScalingRow {
  readonly engine: string;
  readonly axis: string;
  readonly costs: readonly Cost[];
}

export const scaling: Part<ScalingRow> = {
  id: 'scaling',
  title: 'Cost against size, one thread',
  about:
    "Processor time of one thread (whatever `--clock` says), and of one unit; growth is the unit's cost over that at the smallest size, 1 where the cost is in proportion to the size. A retraining grid trains MLPs of 392 inputs and hidden units for 2 epochs (batch 256), explains all their training images by input gradients, and for each level retrains them on the top and on the bottom coordinates and predicts as many images: masking is in it, storing is not. Where it is not scaled it has 1 model, 2 retrainings and 640 images; models differ in their seeds. A model's own training and maps are part of the grid, so that more retrainings share them. Attribution is of an MLP of 784 inputs with the methods' own settings. A step of training is given per million parameters.",
  async *measure({ rounds, engines, problem }, versions) {
    for (const engine of engines.filter((name) => ENGINES.includes(name))) {
      // As many processes as an axis has sizes.
      const contestants = Array.from({ length: 3 }, () => ours(engine, 1));
      try {
        for (const axis of AXES) {
          try {
            yield { engine, axis: axis.id, costs: await measureAxis(axis, contestants, rounds, versions) };
          } catch (thrown) {
            problem(`${axis.work} over ${axis.over} failed on ${engine}: ${reason(thrown)}`);
          }
        }
      } finally {
        await Promise.all(contestants.map((one) => one.end()));
      }
    }
  },
  line: (row) =>
    `${row.engine}, ${titleOf(row)}: ${row.costs.map(({ size, seconds, growth }) => `${size}: ${number(seconds.median)} s, growth ${withRange(growth)}`).join('; ')}`,
  markdown: (rows) =>
    table(
      ['work', 'engine', 'n', 'size', 'seconds', 'unit', 'ms a unit', 'growth'],
      rows.flatMap((row) =>
        row.costs.map(({ size, seconds, perUnit, growth }) => {
          const { median, low, high, n } = perUnit;
          return [
            titleOf(row),
            row.engine,
            String(n),
            String(size),
            withRange(seconds),
            axisOf(row).unit,
            withRange({ median: 1000 * median, low: 1000 * low, high: 1000 * high, n }),
            withRange(growth),
          ];
        }),
      ),
    ),
  goals: (rows) =>
    AXES.filter(({ bounded }) => bounded).flatMap(({ id, work, over, unit, sizes }) =>
      ENGINES.map((engine) => ({
        what: `${work}, ${engine}: cost of ${unit} at ${sizes.at(-1)?.size} ${over}, over that at ${sizes[0]?.size}`,
        sense: 'at most',
        bound: BOUND,
        measured: rows.find((row) => row.axis === id && row.engine === engine)?.costs.at(-1)?.growth ?? null,
      })),
    ),
};

async function measureAxis(
  { sizes, runs }: Axis,
  contestants: readonly Contestant[],
  rounds: number,
  versions: (found: { readonly [name: string]: string }) => void,
): Promise<readonly Cost[]> {
  const sides: (() => Promise<number>)[] = [];
  for (const [i, { job }] of sizes.entries()) {
    const contestant = contestants[i];
    if (contestant === undefined)
      throw new RangeError(`[attribench] ${sizes.length} sizes, ${contestants.length} processes`);
    versions(await contestant.prepare(await job()));
    await contestant.run();
    sides.push(async () => {
      const seconds: number[] = [];
      for (let run = 0; run < runs; run++) seconds.push((await contestant.run()).processor);
      return mean(seconds);
    });
  }
  return costs(sizes, await takeTurns(sides, { most: Math.min(rounds, ROUNDS), seconds: 0 }));
}

function axisOf({ axis }: ScalingRow): Axis {
  const found = AXES.find(({ id }) => id === axis);
  if (found === undefined) throw new RangeError(`[attribench] axis "${axis}" is unknown`);
  return found;
}

function titleOf(row: ScalingRow): string {
  const { work, over } = axisOf(row);
  return `${work} over ${over}`;
}
