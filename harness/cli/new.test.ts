import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { attribench } from './testing.ts';

let folder = '';

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'attribench-new-')));
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const make = (id: string) => attribench(['new', 'method', id], { cwd: folder });
const read = (path: string) => readFileSync(join(folder, path), 'utf8');

test('a method, its test, its bench file and the configuration', async () => {
  const { code, out } = await make('edge-flow');
  expect(code).toBe(0);
  for (const path of ['methods/edge-flow.ts', 'methods/edge-flow.test.ts', 'benchmarks/edge-flow.bench.ts']) {
    expect(out).toContain(`wrote ${path}\n`);
    expect(read(path)).toContain('edge-flow');
  }
  expect(read('methods/edge-flow.ts')).toContain("title: 'Edge flow'");
  expect(read('attribench.config.ts')).toBe(
    "import { defineConfig } from 'attribench';\n\nexport default defineConfig({\n  plugins: ['./methods/edge-flow.ts'],\n});\n",
  );
});

test('nothing is overwritten', async () => {
  expect((await make('mine')).code).toBe(0);
  rmSync(join(folder, 'attribench.config.ts'));
  const before = read('methods/mine.ts');
  expect(await make('mine')).toMatchObject({
    code: 2,
    err: expect.stringMatching(/methods\/mine\.ts exists already$/),
  });
  expect(read('methods/mine.ts')).toBe(before);
  expect(existsSync(join(folder, 'attribench.config.ts'))).toBe(false);
});

test.each([
  ['export default { plugins: [] };', "export default { plugins: ['./methods/mine.ts'] };"],
  ['export default { plugins: [ ] };', "export default { plugins: ['./methods/mine.ts' ] };"],
])('an existing configuration gets the method: %s', async (before, after) => {
  writeFileSync(join(folder, 'attribench.config.ts'), before);
  expect((await make('mine')).out).toContain('listed it in attribench.config.ts');
  expect(read('attribench.config.ts')).toBe(after);
});

test('a configuration of another form is left alone, and the user told', async () => {
  const text = 'const plugins: string[] = [];\nexport default { plugins };\n';
  writeFileSync(join(folder, 'attribench.config.ts'), text);
  expect((await make('mine')).out).toContain("add './methods/mine.ts' to the plugins in attribench.config.ts");
  expect(read('attribench.config.ts')).toBe(text);
});
