import { type ImageShape, stream } from 'attribench';
import { beforeAll, expect, test } from 'vitest';
import { loadEngine } from '../harness/engine/index.ts';
import { at, evaluate, randomNetwork } from '../harness/vitest/conformance/dense.ts';
import rise from './rise.ts';
import { expectClose, mapsOnLayers } from './support/trial.ts';

beforeAll(async () => {
  await loadEngine('wasm');
});

const shape: ImageShape = [5, 4, 1];
const [height, width] = shape;
const grid = 2;
/** Cells of 3 x 2 pixels, the grid stretched to 9 x 6. */
const [cellHeight, cellWidth] = [3, 2];

/** How much of cell (a, b) a pixel of the stretched grid shows: tent functions around the middles of the cells. */
function share(row: number, column: number, a: number, b: number): number {
  const along = (pixel: number, cell: number, length: number) => {
    const place = Math.min(grid - 1, Math.max(0, ((pixel + 0.5) * grid) / length - 0.5));
    return Math.max(0, 1 - Math.abs(place - cell));
  };
  return along(row, a, (grid + 1) * cellHeight) * along(column, b, (grid + 1) * cellWidth);
}

/** The mask of a grid of cells seen from (top, left), pixel by pixel. */
const maskOf = (cells: readonly number[], top: number, left: number) =>
  Array.from({ length: height * width }, (_, p) =>
    cells.reduce(
      (sum, cell, k) =>
        sum + cell * share(Math.floor(p / width) + top, (p % width) + left, Math.floor(k / grid), k % grid),
      0,
    ),
  );

test('equals its definition, one mask at a time, drawn from the stream of the image', async () => {
  const numbers = stream('test', 'rise');
  const layers = randomNetwork(numbers, [20, 6, 3]);
  const images = [0, 1].map(() => Array.from(numbers.uniforms(20)));
  // Few masks are painted; of more, the cells are summed.
  for (const [score, samples] of [
    ['logit', 30],
    ['logit', 60],
    ['probability', 60],
  ] as const) {
    const parameters = { samples, grid, p: 0.3, baseline: 0.25, score };
    const maps = await mapsOnLayers(rise, layers, { images, classes: [2, 1], shape, parameters });
    images.forEach((x, i) => {
      const draws = stream('conformance', 'attribution', i);
      const c = at([2, 1], i);
      const sum = new Array<number>(20).fill(0);
      for (let s = 0; s < samples; s++) {
        const cells = Array.from({ length: 4 }, () => (draws.uniform() < 0.3 ? 1 : 0));
        const mask = maskOf(cells, draws.integer(cellHeight), draws.integer(cellWidth));
        const logits = evaluate(
          layers,
          x.map((value, p) => value * at(mask, p) + 0.25 * (1 - at(mask, p))),
        );
        const total = logits.reduce((all, logit) => all + Math.exp(logit), 0);
        const value = score === 'logit' ? at(logits, c) : Math.exp(at(logits, c)) / total;
        mask.forEach((kept, p) => {
          sum[p] = at(sum, p) + value * kept;
        });
      }
      expectClose(
        maps[i],
        sum.map((value) => value / (0.3 * samples)),
        4,
      );
    });
  }
});

/**
 * S_j = E[f(M x) M_j] / p with f = b + w x and E[M_i M_j] = p^2 + p (1 - p) C_ij, C_ij the shared cells over all places
 * of the image: b + p w x + (1 - p) sum over i of w_i x_i C_ij.
 */
test('comes near its expectation in closed form on a linear model', async () => {
  const numbers = stream('test', 'rise', 'linear');
  const w = Array.from(numbers.uniforms(20, -1, 1));
  const x = Array.from(numbers.uniforms(20));
  const [b, p] = [0.5, 0.4];
  const linear = [{ kernel: w.map((value) => [value]), bias: [b] }];
  const images = new Array<number[]>(20).fill(x);
  const parameters = { samples: 3000, grid, p, score: 'logit' };
  const maps = await mapsOnLayers(rise, linear, { images, shape, parameters });
  const whole = w.reduce((sum, value, i) => sum + value * at(x, i), 0);
  const shared = (i: number, j: number) => {
    let sum = 0;
    for (let place = 0; place < cellHeight * cellWidth; place++) {
      const [top, left] = [Math.floor(place / cellWidth), place % cellWidth];
      for (let k = 0; k < grid * grid; k++) {
        const of = (q: number) =>
          share(Math.floor(q / width) + top, (q % width) + left, Math.floor(k / grid), k % grid);
        sum += of(i) * of(j);
      }
    }
    return sum / (cellHeight * cellWidth);
  };
  const expected = x.map(
    (_, j) => b + p * whole + (1 - p) * x.reduce((sum, v, i) => sum + at(w, i) * v * shared(i, j), 0),
  );
  expected.forEach((value, j) => {
    const values = maps.map((map) => at(map, j));
    const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
    const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (values.length - 1);
    expect(Math.abs(mean - value)).toBeLessThan(4 * Math.sqrt(variance / values.length));
  });
  // Errors of a hundredth, against differences of a quarter.
  expect(Math.max(...expected) - Math.min(...expected)).toBeGreaterThan(0.25);
});

test('on a constant score is that score, up to the luck of the masks', async () => {
  const constant = [{ kernel: new Array<number[]>(20).fill([0]), bias: [3] }];
  const parameters = { samples: 10_000, score: 'logit' };
  const [map = []] = await mapsOnLayers(rise, constant, { images: [new Array<number>(20).fill(1)], shape, parameters });
  // Masks have mean p = 1/2 and a spread of at most 1/2.
  for (const value of map) expect(Math.abs(value - 3)).toBeLessThan((4 * 3) / Math.sqrt(10_000));
});

test('refuses settings by name', async () => {
  const none = mapsOnLayers(rise, [{ kernel: [[1]], bias: [0] }], { images: [[1]], parameters: { grid: 0 } });
  await expect(none).rejects.toThrow('[attribench] method "rise": grid is 0, expected an integer from 1');
});
