/** CIFAR-10 and SVHN: read from small files of their real formats; the refusals on real paths. Nothing here needs the real files. */
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test, vi } from 'vitest';
import { encodeMat } from '../harness/formats/encode-mat.ts';
import { encodeTar } from '../harness/formats/encode-tar.ts';
import cifar10 from './cifar-10.ts';
import svhn from './svhn.ts';
import { dataFolder, loadDataset, putFile, startWithoutFiles } from './testing/published-files.ts';

vi.mock('attribench', async (original) =>
  (await import('./testing/published-files.ts')).withSmallFiles(original<typeof import('attribench')>),
);
startWithoutFiles();

const load = (dataset: typeof cifar10 | typeof svhn, counts = { train: 20, validation: 10, test: 20 }) =>
  loadDataset(dataset, { ...counts, seed: 0 });

/** Pixel (row, column, channel) of an image of this label: everything can be read off it. */
const pixel = (label: number, row: number, column: number, channel: number) =>
  label * 20 + ((row * 5 + column * 3 + channel * 7) % 20);

function expectImages(splits: Awaited<ReturnType<typeof load>>['splits'], counts: readonly number[]): void {
  expect([splits.train, splits.validation, splits.test].map(({ labels }) => labels.length)).toEqual(counts);
  for (const { images, labels } of Object.values(splits)) {
    const expected = Array.from(labels).flatMap((label) =>
      Array.from({ length: 3072 }, (_, i) => pixel(label, Math.floor(i / 96), Math.floor(i / 3) % 32, i % 3)),
    );
    expect(Buffer.from(images).equals(Buffer.from(expected))).toBe(true);
  }
}

describe('cifar-10', () => {
  const record = (label: number) => [
    label,
    ...Array.from({ length: 3072 }, (_, i) => pixel(label, Math.floor(i / 32) % 32, i % 32, Math.floor(i / 1024))),
  ];
  const batch = (count: number) => Uint8Array.from(Array.from({ length: count }, (_, i) => record(i % 10)).flat());
  const archive = (change: (name: string) => Uint8Array = () => batch(10)) =>
    gzipSync(
      encodeTar(
        ['data_batch_1', 'data_batch_2', 'data_batch_3', 'data_batch_4', 'data_batch_5', 'test_batch'].map((name) => ({
          name: `cifar-10-batches-bin/${name}.bin`,
          content: name === 'test_batch' ? batch(20) : change(name),
        })),
      ),
    );

  test('planes become pixels, and every label stays with its image', async () => {
    putFile('cifar-10-binary.tar.gz', archive());
    const { splits, shape } = await load(cifar10);
    expect(shape).toEqual([32, 32, 3]);
    expectImages(splits, [20, 10, 20]);
  });

  test.each<[string, () => Uint8Array]>([
    ['has no whole file cifar-10-batches-bin/data_batch_1.bin', () => gzipSync(encodeTar([]))],
    [
      'data_batch_3.bin has 3000 bytes, expected records of 3073',
      () => archive((name) => (name === 'data_batch_3' ? new Uint8Array(3000) : batch(10))),
    ],
    ['has label 77, expected 0 to 9', () => archive(() => Uint8Array.from([...batch(9), 77, ...Array(3072).fill(0)]))],
    ['cannot be unpacked', () => archive().subarray(0, 100)],
  ])('refuses: %s', async (problem, bytes) => {
    putFile('cifar-10-binary.tar.gz', bytes());
    await expect(load(cifar10)).rejects.toThrow(problem);
  });
});

describe('svhn', () => {
  const mat = (labels: readonly number[], shape: readonly number[] = [32, 32, 3, labels.length]) =>
    encodeMat(
      [
        {
          name: 'X',
          shape,
          values: labels.flatMap((label) =>
            Array.from({ length: 3072 }, (_, i) =>
              pixel(label % 10, i % 32, Math.floor(i / 32) % 32, Math.floor(i / 1024)),
            ),
          ),
        },
        { name: 'y', shape: [labels.length, 1], values: labels, type: 9 },
      ],
      true,
    );
  const labels = (count: number) => Array.from({ length: count }, (_, i) => 1 + (i % 10));

  test('columns become rows, 10 becomes 0, and every label stays with its image', async () => {
    putFile('train_32x32.mat', mat(labels(50)));
    putFile('test_32x32.mat', mat(labels(20)));
    expectImages((await load(svhn)).splits, [20, 10, 20]);
  });

  test.each<[string, Uint8Array]>([
    ['X is [32,96,1,20], expected [32,32,3,n]', mat(labels(20), [32, 96, 1, 20])],
    ['has label 10, expected 0 to 9', mat([...labels(49), 0])],
    ['is no little-endian MATLAB 5 file', new Uint8Array(100)],
  ])('refuses: %s', async (problem, bytes) => {
    putFile('train_32x32.mat', bytes);
    putFile('test_32x32.mat', mat(labels(20)));
    await expect(load(svhn)).rejects.toThrow(problem.replace('20], expected', '20] and y [20,1], expected'));
  });
});

test.each([cifar10, svhn])('without its files $id says which one, from where and where to', async (dataset) => {
  const [file] = dataset.files ?? [];
  await expect(load(dataset)).rejects.toThrow(
    `[attribench] ${join(dataFolder(), file?.name ?? '')} is absent: put ${file?.url} there`,
  );
});
