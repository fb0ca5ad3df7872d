import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { fc, test } from '@fast-check/vitest';
import { afterAll, describe, expect } from 'vitest';
import { encodeTar, type TarMember } from './encode-tar.ts';
import { readTarGz } from './tar.ts';

const folder = mkdtempSync(join(tmpdir(), 'attribench-tar-'));
const path = join(folder, 'archive.tar.gz');
afterAll(() => rmSync(folder, { recursive: true }));

const read = (archive: Uint8Array, sizes: Readonly<Record<string, number>>) => {
  writeFileSync(path, archive);
  return readTarGz(path, new Map(Object.entries(sizes)));
};
const packed = (members: readonly TarMember[]) => gzipSync(encodeTar(members));
const filled = (length: number, value: number) => new Uint8Array(length).fill(value);
const sentence = /^\[attribench] archive \S+: [^\n]+$/;

test.prop([fc.array(fc.nat(2_000), { minLength: 1, maxLength: 5 }), fc.nat()], { numRuns: 15 })(
  'gives exactly the members asked for',
  async (lengths, choice) => {
    const members = lengths.map((length, i) => ({ name: `folder/${i}`, content: filled(length, i + 1) }));
    const wanted = members.filter((_, i) => (choice >> i) % 2 === 0);
    const sizes = Object.fromEntries(wanted.map(({ name, content }) => [name, content.length]));
    const found = await read(packed(members), sizes);
    expect([...found.keys()].sort()).toEqual(wanted.map(({ name }) => name).sort());
    for (const { name, content } of wanted) expect(found.get(name)).toEqual(content);
  },
);

test.prop([fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }), fc.nat(), fc.boolean()], {
  numRuns: 60,
})('an altered or truncated archive is read or refused with one sentence', async (changes, cut, inside) => {
  const plain = encodeTar([
    { name: 'a', content: filled(700, 1) },
    { name: 'b', content: filled(10, 2) },
  ]);
  const whole = Buffer.from(inside ? plain : gzipSync(plain));
  for (const [at, value] of changes) whole[at % whole.length] = value;
  const shorter = whole.subarray(0, whole.length - (cut % 3 === 0 ? cut % whole.length : 0));
  try {
    const found = await read(inside ? gzipSync(shorter) : shorter, { a: 700, b: 10 });
    expect(found.get('a')?.length).toBeLessThanOrEqual(700);
    expect(found.get('b')?.length).toBeLessThanOrEqual(10);
  } catch (thrown) {
    expect((thrown as Error).name).toBe('UsageError');
    expect((thrown as Error).message).toMatch(sentence);
  }
});

describe('hostile archives', () => {
  const honest = { name: 'data/a', content: filled(10, 7) };
  test.each<[string, readonly TarMember[]]>([
    ['a path upwards', [{ name: '../../etc/passwd', content: filled(10, 1) }, honest]],
    ['an absolute path', [{ name: '/etc/passwd', content: filled(10, 1) }, honest]],
    ['a symbolic link of the name', [{ name: 'data/a', type: '2' }, honest]],
    ['a hard link of the name', [{ name: 'data/a', type: '1' }, honest]],
    ['a folder of the name', [{ name: 'data/a', type: '5' }, honest]],
    ['a name in two fields', [{ name: 'a', prefix: 'data', content: honest.content }]],
  ])('%s does nothing', async (_, members) => {
    expect((await read(packed(members), { 'data/a': 10 })).get('data/a')).toEqual(honest.content);
  });

  test.each<[string, readonly TarMember[], string]>([
    ['lies about a size', [{ ...honest, size: 8 ** 11 - 1 }], 'holds data/a of 8589934591 bytes, expected at most 10'],
    ['lacks the file', [{ name: 'data/b', content: filled(10, 1) }], 'has no whole file data/a'],
    ['has only a link', [{ name: 'data/a', type: '2' }], 'has no whole file data/a'],
    ['is empty', [], 'has no whole file data/a'],
    ['ends within the file', [{ name: 'x', size: 10_000 }], 'has no whole file data/a'],
  ])('one that %s is refused', async (_, members, problem) => {
    await expect(read(packed(members), { 'data/a': 10 })).rejects.toThrow(problem);
  });

  test('one that holds the file twice is refused where both come before the rest', async () => {
    const members = [honest, honest, { name: 'data/b', content: filled(3, 1) }];
    await expect(read(packed(members), { 'data/a': 10, 'data/b': 3 })).rejects.toThrow('holds data/a twice');
  });

  test('what is no archive, no gzip file or absent', async () => {
    await expect(read(gzipSync(filled(1_000, 65)), { a: 1 })).rejects.toThrow('damaged header, or is no tar archive');
    await expect(read(filled(1_000, 65), { a: 1 })).rejects.toThrow('cannot be unpacked (incorrect header check)');
    await expect(readTarGz(join(folder, 'absent'), new Map([['a', 1]]))).rejects.toThrow('cannot be unpacked (ENOENT');
  });
});
