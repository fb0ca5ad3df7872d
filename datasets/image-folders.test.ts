/** Pictures made here, in folders as users and ImageNet have them; nothing here needs ImageNet's files. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DatasetContent, type ImageStream, stream } from 'attribench';
import sharp from 'sharp';
import { afterAll, expect, test } from 'vitest';
import imageFolder from './image-folder.ts';
import { picture } from './image-folders/pictures.ts';
import imagenet10 from './imagenet-10.ts';

const folder = mkdtempSync(join(tmpdir(), 'attribench-folders-'));
afterAll(() => rmSync(folder, { recursive: true }));
const common = { sources: [], signal: new AbortController().signal, progress: () => {} };

/** A picture of one colour. */
const plain = (width: number, height: number, background: { r: number; g: number; b: number }) =>
  sharp({ create: { width, height, channels: 3, background } })
    .png()
    .toBuffer();

async function drain(content: DatasetContent<ImageStream>, split: 'train' | 'validation' | 'test'): Promise<Buffer> {
  const blocks: Uint8Array[] = [];
  for await (const block of content.splits[split].images.blocks()) blocks.push(block);
  return Buffer.concat(blocks);
}

test('a folder of pictures: one class a subfolder, every image with its label, whatever its size', async () => {
  const root = join(folder, 'own');
  for (const [label, name] of ['a', 'b'].entries()) {
    mkdirSync(join(root, name), { recursive: true });
    for (let i = 0; i < 10; i++)
      writeFileSync(join(root, name, `${i}.png`), await plain(9 + i, 20 - i, { r: 100 * (label + 1), g: i, b: 7 }));
    writeFileSync(join(root, name, 'notes.txt'), 'no picture');
    symlinkSync('/etc/passwd', join(root, name, 'link.png'));
  }
  const parameters = { ...imageFolder.parameters, folder: root, resize: 6, size: 4 };
  const content = await imageFolder.load({ ...common, parameters, stream: stream('data'), folder: '/absent' });
  expect(content.classes).toEqual(['a', 'b']);
  const seen = new Set<string>();
  for (const name of ['train', 'validation', 'test'] as const) {
    const { labels } = content.splits[name];
    const images = await drain(content, name);
    expect(images.length).toBe(labels.length * 48);
    labels.forEach((label, i) => {
      const [red, green, blue] = images.subarray(48 * i, 48 * i + 3);
      expect([red, blue]).toEqual([100 * (label + 1), 7]);
      seen.add(`${label} ${green}`);
    });
  }
  expect(seen.size).toBe(20);
});

test('the shorter side is resized and the middle cut out', async () => {
  // Left, middle and right third of a wide picture are red, green and blue.
  const raw = Buffer.alloc(30 * 10 * 3);
  for (let i = 0; i < 300; i++) raw[3 * i + Math.floor((i % 30) / 10)] = 255;
  const path = join(folder, 'thirds.png');
  writeFileSync(
    path,
    await sharp(raw, { raw: { width: 30, height: 10, channels: 3 } })
      .png()
      .toBuffer(),
  );
  const image = await picture(path, { resize: 10, size: 10, channels: 3 });
  for (let i = 0; i < 100; i++) expect([...image.subarray(3 * i, 3 * i + 3)]).toEqual([0, 255, 0]);
  expect((await picture(path, { resize: 10, size: 6, channels: 1 })).length).toBe(36);
});

test('what is no picture, damaged, too large or absent is one sentence that names it', async () => {
  const whole = await sharp({ create: { width: 64, height: 64, channels: 3, background: '#456' } })
    .jpeg()
    .toBuffer();
  const fitting = { resize: 8, size: 8, channels: 3 } as const;
  const wrong: [string, Uint8Array][] = [
    ['text.png', Buffer.from('no picture')],
    ['empty.jpg', Buffer.alloc(0)],
    ['cut.jpg', whole.subarray(0, whole.length / 2)],
    ['huge.svg', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="30000" height="30000"/>')],
  ];
  for (const [name, bytes] of wrong) {
    writeFileSync(join(folder, name), bytes);
    await expect(picture(join(folder, name), fitting)).rejects.toThrow(
      new RegExp(`^\\[attribench\\] ${join(folder, name)} cannot be read as a picture: [^\\n]+$`),
    );
  }
  const load = (parameters: Partial<typeof imageFolder.parameters>) =>
    imageFolder.load({
      ...common,
      parameters: { ...imageFolder.parameters, ...parameters },
      stream: stream(0),
      folder,
    });
  await expect(load({ folder: join(folder, 'absent') })).rejects.toThrow('is absent, expected a folder');
  await expect(load({ folder: join(folder, 'text.png') })).rejects.toThrow('is no folder');
  await expect(load({ size: 65 })).rejects.toThrow('size is 65, expected at most resize, which is 64');
  await expect(load({ resize: 0 })).rejects.toThrow('resize is 0, expected an integer from 1 to 4096');
  await expect(load({ channels: 2 })).rejects.toThrow('channels is 2, expected 1 or 3');
});

test('imagenet-10: ten groups of six different classes; validation images become the test split', async () => {
  const root = join(folder, 'imagenet');
  const source = readFileSync(new URL('./imagenet-10.ts', import.meta.url), 'utf8');
  const ids = [...source.matchAll(/'(n\d{8})'/g)].map(([, id]) => id ?? '');
  expect(new Set(ids).size).toBe(60);
  const load = () =>
    imagenet10.load({ ...common, parameters: imagenet10.parameters, stream: stream('data'), folder: root });
  await expect(load()).rejects.toThrow(`[attribench] ${root}/train/n02085620 is absent, expected a folder`);
  for (const [i, id] of ids.entries()) {
    for (const part of ['train', 'val']) {
      mkdirSync(join(root, part, id), { recursive: true });
      const colour = { r: 10 * Math.floor(i / 6), g: part === 'val' ? 200 : 0, b: i };
      writeFileSync(join(root, part, id, 'x.JPEG'), await plain(130, 140, colour));
    }
  }
  const content = await load();
  expect(content.shape).toEqual([112, 112, 3]);
  const { train, validation, test: held } = content.splits;
  expect([train, validation, held].map(({ labels }) => labels.length)).toEqual([54, 6, 60]);
  const images = await drain(content, 'test');
  held.labels.forEach((label, i) => {
    expect([...images.subarray(37_632 * i, 37_632 * i + 2)]).toEqual([10 * label, 200]);
  });
});
