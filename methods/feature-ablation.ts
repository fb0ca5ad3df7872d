import { classLogit, defineMethod } from 'attribench';
import { ANCONA_2018, BY_DEFINITION } from './support/literature.ts';
import { explainBySegments } from './support/segment-perturbations.ts';
import { SEGMENTS, SEGMENTS_ABOUT, segmenter, spread } from './support/segments.ts';

/** Feature ablation: the fall of the logit when a segment is set to a baseline. */
export default defineMethod({
  id: 'feature-ablation',
  title: 'Feature ablation',
  cite: 'Robnik-Šikonja, Kononenko, "Explaining Classifications For Individual Instances", TKDE 20, 2008, section 3; Covert, Lundberg, Lee, "Explaining by Removing", JMLR 2021',
  revision: 1,
  needs: ['logits'],
  parameters: { ...SEGMENTS, baseline: 0 },
  rank: 'magnitude',
  axioms: ['sensitivity', 'linearity', 'implementation-invariance'],
  about: {
    family: 'black-box',
    formula: 'a_k = f(x) - f(x without segment k)',
    map: "[n, height, width, 1], each pixel with its segment's value, in logits",
    text: `Segments span all channels. As in captum the segment's value stands on each of its pixels. On a grid it is
      occlusion with stride = window.`,
    parameters: { ...SEGMENTS_ABOUT, baseline: 'value of every coordinate of an absent segment' },
    failures: [
      {
        text: 'One segment at a time misses what segments do together.',
        cite: ANCONA_2018,
        axiom: 'completeness',
      },
      {
        text: "A pixel has its segment's value, also where it does nothing itself.",
        cite: BY_DEFINITION,
        axiom: 'dummy',
      },
      { text: 'A zero baseline does not shift with the input.', cite: BY_DEFINITION, axiom: 'input-shift-invariance' },
    ],
  },
  async attribute(request) {
    const segmentation = await segmenter('feature-ablation', request, request.parameters);
    return explainBySegments<number>(request, {
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
          segments,
          replaced: (absent) => absent,
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
