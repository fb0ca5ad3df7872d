import { defineMethod } from 'attribench';

/** Oracle: the signal mask itself. */
export default defineMethod({
  id: 'oracle',
  title: 'Oracle',
  cite: 'Control of this project',
  revision: 1,
  role: 'oracle',
  needs: ['logits'],
  requires: { truth: true },
  rank: 'value',
  about: {
    family: 'control',
    formula: 'a = 1 where the signal is, 0 elsewhere',
    map: '[n, height, width, 1] of 0 and 1',
    text: 'What a perfect map scores; no competitor. Only data sets that know the answer have it.',
    failures: [],
  },
  attribute: ({ truth }) => truth.clone(),
});
