import { defineMethod } from 'attribench';
import { between, cut, stretch } from './support/interpolation.ts';
import { BY_DEFINITION } from './support/literature.ts';
import { positiveInteger } from './support/samples.ts';
import { scoreNamed } from './support/scores.ts';
import { explainByShiftedGrids } from './support/shifted-grids.ts';

/** RISE: the mean of random masks, weighted by the score of the image that they leave. */
export default defineMethod({
  id: 'rise',
  title: 'RISE',
  cite: 'Petsiuk, Das, Saenko, "RISE: Randomized Input Sampling for Explanation of Black-box Models", BMVC 2018, equation 6',
  revision: 1,
  needs: ['logits'],
  parameters: { samples: 2000, grid: 7, p: 0.5, baseline: 0, score: 'probability' },
  rank: 'value',
  axioms: ['implementation-invariance'],
  about: {
    family: 'black-box',
    formula: 'a = 1 / (p N) * sum over N random masks M of f(M * x) M',
    map: '[n, height, width, 1], in units of the score',
    text: `A mask is cells that are 1 with probability p, stretched bilinearly to (grid + 1) cells of ceil(height / grid) x
      ceil(width / grid) pixels and cut to the image at a random place (section 3.2; N is the number of samples).`,
    parameters: {
      samples: 'random masks',
      grid: 'cells of a mask a side',
      p: 'probability that a cell is kept',
      baseline: 'what a mask hides turns to it; 0 in the paper',
      score: '"probability" of the class, as in the paper, or its "logit"',
    },
    failures: [
      {
        text: 'The mean score stands on every pixel, and what the masks do to others adds noise: nothing gets zero.',
        cite: BY_DEFINITION,
        axiom: 'dummy',
      },
      { text: 'The random masks treat equal coordinates differently.', cite: BY_DEFINITION, axiom: 'symmetry' },
    ],
  },
  async attribute(request) {
    const { images, parameters } = request;
    const [, height, width] = images.shape;
    const samples = positiveInteger('rise', 'samples', parameters.samples);
    const grid = positiveInteger('rise', 'grid', parameters.grid);
    const [cellHeight, cellWidth] = [Math.ceil(height / grid), Math.ceil(width / grid)];
    const rows = stretch(grid, (grid + 1) * cellHeight);
    const columns = stretch(grid, (grid + 1) * cellWidth);
    const paint = (cells: ArrayLike<number>, top: number, left: number, mask: Float32Array) =>
      between(cells, cut(rows, top, height), cut(columns, left, width), mask);
    return explainByShiftedGrids(request, {
      samples,
      grid: { size: grid, rows, columns, tops: cellHeight, lefts: cellWidth },
      replacement: parameters.baseline,
      score: scoreNamed('rise', parameters.score),
      paint: ({ cells, top, left }, mask) => paint(cells, top, left, mask),
      explain: (stream) => {
        // Of each place that the image is cut from, the sum over masks of the score times their cells: stretching is linear.
        const sums = Array.from({ length: cellHeight * cellWidth }, () => new Float64Array(grid * grid));
        return {
          draw: () => {
            const cells = new Uint8Array(grid * grid);
            for (let k = 0; k < cells.length; k++) cells[k] = stream.uniform() < parameters.p ? 1 : 0;
            return { cells, top: stream.integer(cellHeight), left: stream.integer(cellWidth) };
          },
          take: (score, { cells, top, left }) => {
            const sum = sums[top * cellWidth + left] as Float64Array;
            for (let k = 0; k < sum.length; k++) sum[k] = (sum[k] as number) + score * (cells[k] as number);
          },
          map: () => {
            const map = new Float64Array(height * width);
            const stretched = new Float32Array(map.length);
            for (const [place, sum] of sums.entries()) {
              paint(sum, Math.floor(place / cellWidth), place % cellWidth, stretched);
              for (let p = 0; p < map.length; p++) map[p] = (map[p] as number) + (stretched[p] as number);
            }
            return map.map((total) => total / (parameters.p * samples));
          },
        };
      },
    });
  },
});
