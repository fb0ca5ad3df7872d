import { classLogit, defineMethod } from 'attribench';
import { LAYER_ABOUT, spatialNode } from './support/activation-maps.ts';
import { between, stretch } from './support/interpolation.ts';
import { BY_DEFINITION } from './support/literature.ts';
import { explainByMasks } from './support/perturbations.ts';

/** Score-CAM: channels of a layer weighted by the logit of the image that they mask. */
export default defineMethod({
  id: 'score-cam',
  title: 'Score-CAM',
  cite: 'Wang, Wang, Du, Yang, Zhang, Ding, Mardziel, Hu, "Score-CAM: Score-Weighted Visual Explanations for Convolutional Neural Networks", CVPR Workshops 2020, section 3, algorithm 1',
  revision: 1,
  needs: ['layers'],
  parameters: { layer: 'auto', baseline: 0 },
  rank: 'value',
  about: {
    family: 'activation',
    formula: 'a = ReLU(sum over k of alpha_k A^k), alpha the softmax over channels k of f(x * H_k) - f(b)',
    map: '[n, height, width, 1], never negative',
    text: `A [height', width', K] is the output of a layer, H_k channel k stretched bilinearly to the image and scaled to
      [0, 1] by its own smallest and largest value, b an image of the baseline's value; f(b) cancels in the softmax. What
      H_k hides turns to the baseline, 0 in the paper. A constant channel has no H_k and takes no part. The map is
      stretched to the image bilinearly, after the ReLU.`,
    parameters: { ...LAYER_ABOUT, baseline: 'value of every coordinate of b' },
    failures: [
      {
        text: 'A softmax of logits is nearly all in one channel where these are some units apart.',
        cite: BY_DEFINITION,
      },
      { text: 'No finer than its layer: dense networks have no map at all.', cite: BY_DEFINITION },
    ],
  },
  async attribute(request) {
    const { network, images, parameters } = request;
    const [activations] = network.activations(images, [spatialNode('score-cam', network, parameters.layer)]);
    if (activations === undefined) throw new Error('[attribench] a node without activations');
    const [, height, width, channels] = activations.shape as [number, number, number, number];
    const values = await activations.data<'float32'>();
    activations.dispose();
    const [rows, columns] = [stretch(height, images.shape[1]), stretch(width, images.shape[2])];
    const pixels = height * width;
    return explainByMasks<number>(request, {
      replacement: parameters.baseline,
      score: classLogit,
      explain: (image) => {
        const start = image * pixels * channels;
        const channel = (k: number) =>
          Float64Array.from({ length: pixels }, (_, p) => values[start + p * channels + k] as number);
        const scores: number[] = [];
        return {
          copies: channels,
          draw: (copy) => copy,
          paint: (k, mask) => {
            between(channel(k), rows, columns, mask);
            normalise(mask);
          },
          take: (score, _, mask) => {
            scores.push(mask.some((kept) => kept > 0) ? score : Number.NEGATIVE_INFINITY);
          },
          map: () => {
            const alpha = softmax(scores);
            const sum = new Float64Array(pixels);
            alpha.forEach((weight, k) => {
              channel(k).forEach((value, p) => {
                sum[p] = (sum[p] as number) + weight * value;
              });
            });
            const map = new Float32Array(images.shape[1] * images.shape[2]);
            between(
              sum.map((value) => Math.max(0, value)),
              rows,
              columns,
              map,
            );
            return map;
          },
        };
      },
    });
  },
});

/** Scales values to [0, 1]; constant ones become 0. */
function normalise(values: Float32Array): void {
  const low = values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const high = values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  values.forEach((value, i) => {
    values[i] = high > low ? (value - low) / (high - low) : 0;
  });
}

/** exp(s) / sum exp(s); all zero where every score is minus infinity. */
function softmax(scores: readonly number[]): number[] {
  const largest = Math.max(...scores);
  if (largest === Number.NEGATIVE_INFINITY) return scores.map(() => 0);
  const powers = scores.map((score) => Math.exp(score - largest));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}
