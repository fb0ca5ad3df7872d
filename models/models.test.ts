import { resolveParameters } from 'attribench';
import { describe, expect, it } from 'vitest';
import { weightShapes } from '../harness/network/build.ts';
import cnnSmall from './cnn-small.ts';
import densenet121 from './densenet-121.ts';
import inceptionV3 from './inception-v3.ts';
import linear from './linear.ts';
import mlp from './mlp.ts';
import mlp256 from './mlp-256.ts';
import resnet18 from './resnet-18.ts';
import vgg11 from './vgg-11.ts';

/**
 * Weight names are part of stored files: a changed name makes users' weights unreadable. Those of the networks that
 * torchvision has are held by models/peers, where a weight's numbers follow from its name.
 */
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

describe('images that an architecture cannot take', () => {
  it.each([
    [cnnSmall, [3, 9, 1], 'model "cnn-small": images are 3 x 9 pixels, expected at least 4 x 4'],
    [vgg11, [56, 28, 1], 'model "vgg-11": images are 56 x 28 pixels, expected at least 32 x 32'],
    [vgg11, [112, 112, 3], 'leave a map of 3 x 3 pixels, expected 1 x 1 or a square of a multiple of 7'],
    [densenet121, [28, 28, 1], 'model "densenet-121": images are 28 x 28 pixels, expected at least 29 x 29'],
    [inceptionV3, [32, 32, 3], 'model "inception-v3": images are 32 x 32 pixels, expected at least 75 x 75'],
  ] as const)('$id', (model, inputShape, message) => {
    const parameters = resolveParameters(model);
    expect(() => weightShapes(model, { inputShape, classes: 2, parameters })).toThrow(message);
  });

  it('are as small as they are said to be', () => {
    for (const [model, side] of [
      [cnnSmall, 4],
      [densenet121, 29],
      [inceptionV3, 75],
    ] as const) {
      const parameters = resolveParameters(model);
      expect(() => weightShapes(model, { inputShape: [side, side, 1], classes: 2, parameters })).not.toThrow();
    }
  });

  it('and a stem that a residual network does not have are refused', () => {
    const parameters = resolveParameters(resnet18, { stem: 'wide' });
    expect(() => weightShapes(resnet18, { inputShape: [8, 8, 1], classes: 2, parameters })).toThrow(
      'stem is "wide", expected "cifar" or "imagenet"',
    );
  });
});
