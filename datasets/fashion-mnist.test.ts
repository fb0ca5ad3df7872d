/** The reading is tested on small files of the real format, and on the real ones where they are; the refusals on real paths. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test, vi } from 'vitest';
import { datasetFilesStatus, datasetFolder } from '../harness/data/files.ts';
import { encodeIdx } from '../harness/formats/encode-idx.ts';
import fashionMnist from './fashion-mnist.ts';
import { dataFolder, loadDataset, putFile, startWithoutFiles } from './testing/published-files.ts';

vi.mock('attribench', async (original) =>
  (await import('./testing/published-files.ts')).withSmallFiles(original<typeof import('attribench')>),
);
startWithoutFiles();

const load = (counts: { train: number; validation: number; test: number }, from?: string) =>
  loadDataset(fashionMnist, { ...counts, seed: 0 }, from);

/** Image i of label l is filled with 100 times the part plus 10 l + (i mod 10): both can be read off the image. */
function put(prefix: 'train' | 't10k', count: number, side = 28): void {
  const labels = Array.from({ length: count }, (_, i) => (3 * i) % 10);
  const base = prefix === 'train' ? 0 : 100;
  const pixels = labels.flatMap((label, i) => Array<number>(side * side).fill(base + 10 * label + (i % 10)));
  putFile(`${prefix}-images-idx3-ubyte.gz`, gzipSync(encodeIdx([count, side, side], pixels)));
  putFile(`${prefix}-labels-idx1-ubyte.gz`, gzipSync(encodeIdx([count], labels)));
}

test('training images stay training images, and every label stays with its image', async () => {
  put('train', 80);
  put('t10k', 20);
  const { shape, classes, splits } = await load({ train: 40, validation: 20, test: 10 });
  expect(shape).toEqual([28, 28, 1]);
  expect(classes[9]).toBe('Ankle boot');
  expect([splits.train, splits.validation, splits.test].map(({ labels }) => labels.length)).toEqual([40, 20, 10]);
  for (const [name, { images, labels }] of Object.entries(splits)) {
    labels.forEach((label, i) => {
      const image = images.subarray(i * 784, (i + 1) * 784);
      expect(new Set(image).size).toBe(1);
      const value = image[0] ?? 0;
      expect(value >= 100).toBe(name === 'test');
      expect(Math.floor((value % 100) / 10)).toBe(label);
    });
  }
});

test('more images than were published are refused', async () => {
  put('train', 20);
  put('t10k', 10);
  await expect(load({ train: 20, validation: 1, test: 10 })).rejects.toThrow(
    '21 training and validation images are asked for, but 20 were published',
  );
});

test('images of another size and another number of labels are refused', async () => {
  put('train', 20, 27);
  put('t10k', 10);
  await expect(load({ train: 10, validation: 1, test: 10 })).rejects.toThrow(
    'train-images-idx3-ubyte.gz: holds images [20,27,27], expected [20,28,28]',
  );
  put('train', 20);
  putFile('train-labels-idx1-ubyte.gz', encodeIdx([19], Array<number>(19).fill(0)));
  await expect(load({ train: 10, validation: 1, test: 10 })).rejects.toThrow(
    'holds images [20,28,28], expected [19,28,28]',
  );
});

test('without the files it says which one, from where, where to, and which package has it', async () => {
  await expect(load({ train: 1, validation: 1, test: 1 })).rejects.toThrow(
    `[attribench] ${join(dataFolder(), 'train-images-idx3-ubyte.gz')} is absent: put http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/train-images-idx3-ubyte.gz there`,
  );
  await writeFile(join(dataFolder(), 'train-images-idx3-ubyte.gz'), 'x');
  await expect(load({ train: 1, validation: 1, test: 1 })).rejects.toThrow(
    'has 1 bytes, expected 26421880 or 26421856',
  );
});

test('the real files, where they lie in the data folder; elsewhere only their absence is tested', async () => {
  const real = () => load({ train: 20_000, validation: 2_000, test: 10_000 }, datasetFolder('fashion-mnist'));
  if ((await datasetFilesStatus(fashionMnist)).some(({ state }) => state !== 'right')) {
    await expect(real()).rejects.toThrow('[attribench] ');
    return;
  }
  const { splits } = await real();
  for (const { images, labels } of Object.values(splits)) {
    expect(images.length).toBe(labels.length * 784);
    const perClass = new Array<number>(10).fill(0);
    for (const label of labels) perClass[label] = (perClass[label] ?? 0) + 1;
    expect(new Set(perClass)).toEqual(new Set([labels.length / 10]));
  }
  // The mean pixel of the published test images, as many tutorials print it.
  let sum = 0;
  for (const value of splits.test.images) sum += value;
  expect(sum / splits.test.images.length / 255).toBeCloseTo(0.2868, 4);
});
