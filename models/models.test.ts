import { describe, expect, it } from 'vitest';
import { weightShapes } from '../harness/network/build.ts';
import linear from './linear.ts';
import mlp from './mlp.ts';
import mlp256 from './mlp-256.ts';

/** Weight names are part of stored files: a changed name makes users' weights unreadable. */
describe('weight names and shapes on 4 x 3 grey images of 5 classes', () => {
  it.each([
    [linear, { 'logits/kernel': [12, 5], 'logits/bias': [5] }],
    [
      mlp,
      {
        'hidden-1/kernel': [12, 12],
        'hidden-1/bias': [12],
        'hidden-2/kernel': [12, 12],
        'hidden-2/bias': [12],
        'logits/kernel': [12, 5],
        'logits/bias': [5],
      },
    ],
    [
      mlp256,
      {
        'hidden-1/kernel': [12, 256],
        'hidden-1/bias': [256],
        'hidden-2/kernel': [256, 256],
        'hidden-2/bias': [256],
        'logits/kernel': [256, 5],
        'logits/bias': [5],
      },
    ],
  ])('$id', (model, expected) => {
    const shapes = weightShapes(model, { inputShape: [4, 3, 1], classes: 5, parameters: {} });
    expect(Object.fromEntries(shapes.map(({ name, shape }) => [name, shape]))).toEqual(expected);
  });
});
