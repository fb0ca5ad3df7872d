import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { DatasetFile } from '../contracts.ts';
import { dataFolder, datasetFilesStatus, datasetFolder, readDataFile } from './files.ts';

// SHA-256 of "abc" is the first example of FIPS 180-2, appendix B.1.
const abc: DatasetFile = {
  name: 'abc.bin',
  bytes: 3,
  sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  url: 'https://example.org/abc.bin',
};
const dataset = { id: 'letters', files: [abc] };

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attribench-data-'));
  await mkdir(join(folder, 'letters'));
  path = join(folder, 'letters', 'abc.bin');
});
afterEach(() => rm(folder, { recursive: true }));

const status = async () =>
  (await datasetFilesStatus(dataset, folder)).map(({ state, problem }) => ({ state, problem }));
const read = () => readDataFile(datasetFolder('letters', folder), abc);

test('the folder is the home folder and the data set id', () => {
  expect(datasetFolder('letters', dataFolder('/home'))).toBe(join('/home', 'data', 'letters'));
});

test('the published file is right and is read', async () => {
  await writeFile(path, 'abc');
  expect(await datasetFilesStatus(dataset, folder)).toEqual([{ file: abc, path, state: 'right', problem: '' }]);
  expect([...(await read())]).toEqual([97, 98, 99]);
});

test.each<[string, string, 'absent' | 'wrong', () => Promise<unknown>]>([
  ['absent', 'is absent', 'absent', async () => {}],
  ['in an absent folder', 'is absent', 'absent', () => rm(join(folder, 'letters'), { recursive: true })],
  ['truncated', 'has 2 bytes, expected 3', 'wrong', () => writeFile(path, 'ab')],
  ['altered', 'has SHA-256', 'wrong', () => writeFile(path, 'abd')],
])('a file that is %s is not used', async (_, problem, state, prepare) => {
  await prepare();
  const [found] = await status();
  expect(found?.state).toBe(state);
  expect(found?.problem).toContain(problem);
  await expect(read()).rejects.toThrow(`[attribench] ${path} ${found?.problem}: put https://example.org/abc.bin there`);
});

test('a folder of the name is not a file', async () => {
  await mkdir(path);
  expect(await status()).toEqual([{ state: 'wrong', problem: 'is not a file' }]);
  await expect(read()).rejects.toThrow('is not a file: put');
});

test('a data set without files has nothing to show', async () => {
  expect(await datasetFilesStatus({ id: 'mnist' }, folder)).toEqual([]);
});

test('the same file as a package packs it is as good', async () => {
  const packaged = {
    package: 'dataset-letters',
    path: '/usr/share/datasets/letters',
    bytes: 2,
    sha256: 'fb8e20fc2e4c3f248c60c39bd652f3c1347298bb977b8b4d5903b85055620603',
  };
  const either = { id: 'letters', files: [{ ...abc, packaged }] };
  const found = async () => (await datasetFilesStatus(either, folder))[0];
  for (const content of ['ab', 'abc']) {
    await writeFile(path, content);
    expect(await found()).toMatchObject({ state: 'right', problem: '' });
  }
  await writeFile(path, 'ac');
  expect(await found()).toMatchObject({ state: 'wrong' });
  expect((await found())?.problem).toContain('expected fb8e20');
  await writeFile(path, 'a');
  expect(await found()).toMatchObject({ state: 'wrong', problem: 'has 1 bytes, expected 3 or 2' });
});
