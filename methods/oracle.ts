import { defineMethod } from 'attribench';

/** Oracle: the signal mask itself, [n, height, width, 1] of 0 and 1; what a perfect map scores, no competitor. */
export default defineMethod({
  id: 'oracle',
  title: 'Oracle',
  cite: 'Control of this project',
  revision: 1,
  role: 'oracle',
  needs: ['logits'],
  requires: { truth: true },
  rank: 'value',
  attribute: ({ truth }) => truth.clone(),
});
