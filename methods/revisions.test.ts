/**
 * The output of every revision of every method, pinned on a tiny network: dense, or convolutional for a method that
 * does not apply to dense layers.
 *
 * Records name a method's revision, so an output must not change under one. Pins are only ever
 * added: after raising a revision, or for a new method, run this file with ATTRIBENCH_PIN=1.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type ImageShape, type Method, stream } from 'attribench';
import { beforeAll, expect, test } from 'vitest';
import { loadEngine } from '../harness/engine/index.ts';
import { randomNetwork } from '../harness/vitest/conformance/dense.ts';
import { mapsOnConvolutions, mapsOnLayers } from './support/trial.ts';

const pins = new URL('revisions.json', import.meta.url);
const pinned: { [revision: string]: number[] } = JSON.parse(readFileSync(pins, 'utf8'));
const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));

const shape: ImageShape = [6, 5, 1];
const numbers = stream('revisions');
const layers = randomNetwork(numbers, [30, 12, 8, 3]);
const images = [Array.from(numbers.uniforms(30))];

beforeAll(async () => {
  await loadEngine('wasm');
});

test.each(files)('%s', async (file) => {
  const { default: method }: { default: Method } = await import(new URL(file, import.meta.url).href);
  const revision = `${method.id} ${method.revision}`;
  const trial = { images, classes: [1], shape };
  const [map = []] = await mapsOnLayers(method, layers, trial).catch((thrown) => {
    if (thrown.name === 'NotApplicable') return mapsOnConvolutions(method, trial);
    throw thrown;
  });
  if (process.env.ATTRIBENCH_PIN === '1' && pinned[revision] === undefined) {
    pinned[revision] = map.map((value) => Number(value.toPrecision(6)));
    const sorted = Object.fromEntries(Object.entries(pinned).sort(([a], [b]) => (a < b ? -1 : 1)));
    const lines = Object.entries(sorted).map(
      ([name, values]) => `  ${JSON.stringify(name)}: ${JSON.stringify(values)}`,
    );
    writeFileSync(pins, `{\n${lines.join(',\n')}\n}\n`);
  }
  const expected = pinned[revision];
  if (expected === undefined) throw new Error(`"${revision}" is not pinned: run this file with ATTRIBENCH_PIN=1`);
  const tolerance = 1e-4 * Math.max(...expected.map(Math.abs));
  expected.forEach((value, k) => {
    expect(
      Math.abs((map[k] ?? Number.NaN) - value),
      `${revision} changed its output: raise its revision`,
    ).toBeLessThanOrEqual(tolerance);
  });
});
