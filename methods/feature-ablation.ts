import { classLogit, defineMethod } from 'attribench';
import { explainByMasks } from './support/perturbations.ts';
import { paintAllBut, segmenter, spread } from './support/segments.ts';

/**
 * Feature ablation: a_k = f(x) - f(x without k), the fall of f, the logit of class c, when segment k is set to
 * `baseline`; [n, height, width, 1], each pixel with its segment's value, in logits.
 *
 * Segments are squares ('grid') or superpixels ('slic') of about `segmentSize` pixels a side, over all channels. As in
 * captum the segment's value stands on each of its pixels. On a grid it is occlusion with stride = window.
 */
export default defineMethod({
  id: 'feature-ablation',
  title: 'Feature ablation',
  cite: 'Robnik-Šikonja, Kononenko, "Explaining Classifications For Individual Instances", TKDE 20, 2008, section 3; Covert, Lundberg, Lee, "Explaining by Removing", JMLR 2021',
  revision: 1,
  needs: ['logits'],
  parameters: { segments: 'grid', segmentSize: 4, baseline: 0 },
  rank: 'magnitude',
  axioms: ['sensitivity', 'linearity', 'implementation-invariance'],
  async attribute(request) {
    const segmentation = await segmenter('feature-ablation', request, request.parameters);
    return explainByMasks<number>(request, {
      replacement: request.parameters.baseline,
      score: classLogit,
      explain: (image) => {
        const segments = segmentation(image);
        const falls = new Float64Array(segments.count);
        let intact = 0;
        return {
          // The image itself, then one copy a segment.
          copies: 1 + segments.count,
          draw: (copy) => copy - 1,
          paint: (absent, mask) => paintAllBut(segments, absent, mask),
          take: (score, absent) => {
            if (absent < 0) intact = score;
            else falls[absent] = intact - score;
          },
          map: () => spread(segments, falls),
        };
      },
    });
  },
});
