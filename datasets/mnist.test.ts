import { readFileSync } from 'node:fs';
import { type DatasetContent, sha256, stream } from 'attribench';
import { beforeAll, describe, expect, test } from 'vitest';
import mnist from './mnist.ts';

async function load(seed: number): Promise<DatasetContent> {
  return mnist.load({
    parameters: { seed },
    sources: [],
    stream: stream('data', 'mnist', { seed }),
    folder: '/absent',
    signal: new AbortController().signal,
    progress: () => {},
  });
}

/** Digest of every image of a split, in order. */
function digests({ splits }: DatasetContent, name: 'train' | 'validation' | 'test'): string[] {
  const { images, labels } = splits[name];
  return Array.from(
    labels,
    (label, i) => `${label} ${sha256(Uint8Array.from(images.subarray(i * 784, (i + 1) * 784)))}`,
  );
}

describe('mnist', () => {
  let content: DatasetContent;
  beforeAll(async () => {
    content = await load(0);
  });

  test('holds every digit of the package once, its bytes recovered to half a unit of the third decimal', () => {
    const found = new Set((['train', 'validation', 'test'] as const).flatMap((name) => digests(content, name)));
    expect(found.size).toBe(10_000);
    const values = new Set<number>();
    for (let digit = 0; digit < 10; digit++) {
      const file = new URL(import.meta.resolve(`mnist/src/digits/${digit}.json`));
      const { data }: { data: number[] } = JSON.parse(readFileSync(file, 'utf8'));
      for (const value of data) values.add(value);
      for (const first of [0, data.length / 784 - 1]) {
        const bytes = Uint8Array.from(data.slice(first * 784, (first + 1) * 784), (value) => Math.round(value * 255));
        expect(found).toContain(`${digit} ${sha256(bytes)}`);
      }
    }
    expect(values.size).toBe(256);
    for (const value of values) expect(Math.abs(Math.round(value * 255) / 255 - value)).toBeLessThan(0.0005);
  });

  test('splits every class 70 / 10 / 20', () => {
    expect(content.classes).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    expect(content.shape).toEqual([28, 28, 1]);
    const perClass = (name: 'train' | 'validation' | 'test', digit: number) =>
      content.splits[name].labels.filter((label) => label === digit).length;
    expect([0, 1, 5].map((digit) => perClass('train', digit))).toEqual([701, 789, 604]);
    expect([0, 1, 5].map((digit) => perClass('validation', digit))).toEqual([100, 113, 86]);
    expect([0, 1, 5].map((digit) => perClass('test', digit))).toEqual([200, 225, 173]);
  });

  test('repeats itself, and another seed splits otherwise', async () => {
    const [again, other] = [await load(0), await load(1)];
    expect(digests(again, 'test')).toEqual(digests(content, 'test'));
    expect(new Set(digests(other, 'test'))).not.toEqual(new Set(digests(content, 'test')));
  });
});
