import { describe, expect, test } from 'vitest';
import type { DatasetContent, Masking, Split } from '../contracts.ts';
import { stream } from '../random.ts';
import { maskedShape, maskedSplit } from './masked-split.ts';
import { keepMask } from './masks.ts';

const [HEIGHT, WIDTH, CHANNELS] = [3, 2, 2];
const SIZE = HEIGHT * WIDTH * CHANNELS;
const IMAGES = 7;

function content(bytes: boolean): DatasetContent {
  const split = (name: string): Split => {
    const values = stream(name).uniforms(IMAGES * SIZE, 0.1, 1);
    const images = bytes ? Uint8Array.from(values, (value) => Math.ceil(254 * value)) : values;
    return { images, labels: Int32Array.from({ length: IMAGES }, (_, i) => i % 2) };
  };
  const splits = { train: split('train'), validation: split('validation'), test: split('test') };
  return { shape: [HEIGHT, WIDTH, CHANNELS], classes: ['a', 'b'], bounds: { low: 0, high: 1 }, splits };
}

/** Every image in an order of its own. */
const order = (image: number) => stream('order', image).permutation(SIZE);
const masked = (data: DatasetContent, masking: Partial<Masking>) =>
  maskedSplit(
    data,
    'train',
    order,
    { level: 0.25, side: 'top', removal: 'zero', input: 'image', ...masking },
    stream('noise'),
  );
/** An image's values as numbers from 0 to 1. */
const numbers = (images: Float32Array | Uint8Array) =>
  Array.from(images, (value) => (images instanceof Uint8Array ? value / 255 : value));

describe.each([['bytes', true] as const, ['floats', false] as const])('of %s', (_, bytes) => {
  const data = content(bytes);
  const pixels = numbers(data.splits.train.images);

  /** By definition, coordinate by coordinate: (x m), (x m, m) or (0, m), channel after channel. */
  function slow(input: Masking['input'], side: Masking['side']): number[] {
    const result: number[] = [];
    for (let image = 0; image < IMAGES; image++) {
      const mask = keepMask(order(image), 0.25, side);
      for (let y = 0; y < HEIGHT; y++) {
        for (let x = 0; x < WIDTH; x++) {
          const at = (channel: number) => (y * WIDTH + x) * CHANNELS + channel;
          const kept = [0, 1].map((channel) => mask[at(channel)] ?? 9);
          const seen = [0, 1].map((channel) => (kept[channel] ?? 9) * (pixels[image * SIZE + at(channel)] ?? 9));
          result.push(...(input === 'mask' ? [0, 0] : seen), ...(input === 'image' ? [] : kept));
        }
      }
    }
    return result;
  }

  test.each([
    ['image', 'top'],
    ['image', 'bottom'],
    ['image+mask', 'top'],
    ['mask', 'bottom'],
  ] as const)('%s, %s, equals its slow twin', (input, side) => {
    const { images, labels } = masked(data, { input, side });
    expect(numbers(images)).toEqual(slow(input, side));
    expect(images).toHaveLength(IMAGES * maskedShape(data.shape, input).reduce((a, b) => a * b));
    expect(labels).toEqual(data.splits.train.labels);
  });

  test('nothing is removed at level 1, where no image is ranked', () => {
    const whole = maskedSplit(
      data,
      'train',
      () => expect.fail('ranked'),
      { level: 1, side: 'bottom', removal: 'noise', input: 'image' },
      stream('noise'),
    );
    numbers(whole.images).forEach((value, i) => {
      expect(value).toBeCloseTo(pixels[i] ?? 9, 6);
    });
  });

  test('what is put in does not depend on the other images, and differs from image to image', () => {
    const whole = masked(data, { removal: 'noise', level: 0 }).images;
    const { train } = data.splits;
    const few = { images: train.images.slice(0, 2 * SIZE), labels: train.labels.slice(0, 2) };
    const context = { ...data, splits: { ...data.splits, test: few } };
    const alone = maskedSplit(
      context,
      'test',
      order,
      { level: 0, side: 'top', removal: 'noise', input: 'image' },
      stream('noise'),
    ).images;
    expect(alone).not.toEqual(whole.slice(0, 2 * SIZE)); // another split, other numbers
    expect([...whole.slice(0, SIZE)]).not.toEqual([...whole.slice(SIZE, 2 * SIZE)]);
    expect(masked(data, { removal: 'noise', level: 0 }).images).toEqual(whole);
  });
});

test('the mask control carries no pixel of the image', () => {
  const [one, other] = [content(false), content(false)];
  other.splits.train.images.fill(0.5);
  expect(masked(other, { input: 'mask' })).toEqual(masked(one, { input: 'mask' }));
  expect(masked(other, { input: 'image+mask' })).not.toEqual(masked(one, { input: 'image+mask' }));
});
