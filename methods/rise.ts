import { defineMethod } from 'attribench';
import { between, cut, stretch } from './support/interpolation.ts';
import { BY_DEFINITION } from './support/literature.ts';
import { explainByMasks } from './support/perturbations.ts';
import { positiveInteger } from './support/samples.ts';
import { scoreNamed } from './support/scores.ts';

/** A grid of coins, stretched over more than the image, and where the image begins in it. */
interface Shifted {
  readonly cells: Uint8Array;
  readonly top: number;
  readonly left: number;
}

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
    return explainByMasks<Shifted>(request, {
      replacement: parameters.baseline,
      score: scoreNamed('rise', parameters.score),
      explain: (_, stream) => {
        const sum = new Float64Array(height * width);
        return {
          copies: samples,
          draw: () => ({
            cells: Uint8Array.from({ length: grid * grid }, () => (stream.uniform() < parameters.p ? 1 : 0)),
            top: stream.integer(cellHeight),
            left: stream.integer(cellWidth),
          }),
          paint: ({ cells, top, left }, mask) => {
            between(cells, cut(rows, top, height), cut(columns, left, width), mask);
          },
          take: (score, _, mask) => {
            for (let p = 0; p < sum.length; p++) sum[p] = (sum[p] as number) + score * (mask[p] as number);
          },
          map: () => sum.map((total) => total / (parameters.p * samples)),
        };
      },
    });
  },
});
