import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from './fingerprint.ts';
import { hashCode } from './plugin-code.ts';
import { importPlugin, nearestName, Registry } from './plugins.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'attribench-plugins-'));
  write('package.json', '{ "type": "module" }');
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (name: string, text: string) => {
  mkdirSync(join(folder, name, '..'), { recursive: true });
  writeFileSync(join(folder, name), text);
};

const methodText = (id: string, map = 'images') => `
  import { defineMethod } from 'attribench';
  export default defineMethod({
    id: '${id}', title: 'Mine', cite: 'Me', revision: 2, needs: ['logits'], rank: 'value',
    attribute: ({ images }) => ${map}.clone(),
  });`;

const config = (...plugins: string[]) => `export default { plugins: ${JSON.stringify(plugins)} };`;

describe('Registry', () => {
  it('finds every plugin file of this package by its name', async () => {
    const registry = await Registry.load();
    expect(registry.find('method', 'input-gradient').plugin.title).toBe('Input gradient');
    const ids = registry.all('method').map((found) => found.id);
    expect(ids).toEqual([...ids].sort());
  });

  it('adds what the nearest attribench.config.ts lists, also from a folder below', async () => {
    write('attribench.config.ts', config('./mine.ts'));
    write('mine.ts', methodText('mine'));
    mkdirSync(join(folder, 'deep/er'), { recursive: true });
    const registry = await Registry.load({ from: join(folder, 'deep/er') });
    const found = registry.find('method', 'mine');
    expect(found.reference).toMatchObject({ kind: 'method', id: 'mine', revision: 2, export: 'default' });
    expect(await importPlugin(found.reference)).toBe(found.plugin);
    expect(registry.project).toMatchObject({ root: folder, results: join(folder, 'results') });
  });

  it('refuses to import a plugin whose code is not the one that was planned with', async () => {
    write('attribench.config.ts', config('./mine.ts'));
    write('mine.ts', methodText('mine'));
    const { reference } = (await Registry.load({ from: folder })).find('method', 'mine');
    write('mine.ts', methodText('mine', 'images.neg()'));
    await expect(importPlugin(reference)).rejects.toThrow(
      '[attribench] method "mine": its code changed after the run was planned; run again',
    );
  });

  it.each(['{}', '{ "type": "commonjs" }'])('says which package.json makes plugins CommonJS: %s', async (manifest) => {
    write('package.json', manifest);
    write('attribench.config.ts', config('./mine.ts'));
    await expect(Registry.load({ from: folder })).rejects.toThrow(
      `attribench.config.ts would be read as CommonJS: write "type": "module" into ${join(folder, 'package.json')}`,
    );
  });

  it('suggests the nearest id', async () => {
    const registry = await Registry.load({ from: folder });
    expect(() => registry.find('method', 'input-gradeint')).toThrow(
      '[attribench] method "input-gradeint" is unknown; did you mean "input-gradient"?',
    );
  });

  it.each([
    [config('./mine.ts', './twin.ts'), /method "mine" is defined twice: in .*mine\.ts and in .*twin\.ts/],
    [config('./clash.ts'), /method "input-gradient" is defined twice: in .*methods.*input-gradient\.ts and in .*clash/],
    [config('./absent.ts'), /plugin \.\/absent\.ts could not be imported/],
    [config('./nothing.ts'), /\.\/nothing\.ts exports no plugin/],
    [config('no-such-package'), /package "no-such-package" was not found/],
    ['export default { plugin: [] };', /"plugin" is unknown, expected "plugins" or "results"/],
    ['export default { plugins: "./mine.ts" };', /plugins is "\.\/mine\.ts", expected a list/],
    ['export const x = 1;', /expected a default export/],
  ])('refuses %s in one sentence', async (text, message) => {
    write('attribench.config.ts', text);
    write('mine.ts', methodText('mine'));
    write('twin.ts', methodText('mine'));
    write('clash.ts', methodText('input-gradient'));
    write('nothing.ts', 'export const x = 1;');
    await expect(Registry.load({ from: folder })).rejects.toThrow(message);
  });
});

describe('hashCode', () => {
  const hash = async (text: string) => {
    write('m.ts', text);
    const url = pathToFileURL(join(folder, 'm.ts')).href;
    return (await hashCode([url])).get(url);
  };

  it('ignores comments and formatting, and sees code and local imports', async () => {
    write('local.ts', 'export const x = 1;');
    const before = await hash("import { x } from './local.ts';\nexport default x;");
    expect(await hash("// why\nimport { x } from './local.ts';\n\n  export default x;")).toBe(before);
    expect(await hash("import { x } from './local.ts';\nexport default x + 1;")).not.toBe(before);
    write('local.ts', 'export const x = 2;');
    expect(await hash("import { x } from './local.ts';\nexport default x;")).not.toBe(before);
  });

  it('does not depend on where the plugin lies', async () => {
    write('a/m.ts', methodText('mine'));
    write('b/c/m.ts', methodText('mine'));
    const urls = ['a/m.ts', 'b/c/m.ts'].map((name) => pathToFileURL(join(folder, name)).href);
    const hashes = await hashCode(urls);
    expect(new Set(urls.map((url) => hashes.get(url))).size).toBe(1);
  });

  it('leaves the harness outside, from wherever it is imported by its path', async () => {
    const urls = ['a/h.ts', 'b/c/h.ts'].map((name) => {
      const to = relative(dirname(join(folder, name)), join(import.meta.dirname, 'errors.ts'));
      write(name, `import { UsageError } from '${to}';\nexport default UsageError;`);
      return pathToFileURL(join(folder, name)).href;
    });
    // Nothing of the machine, and nothing that stands in the harness.
    const code = 'import{UsageError}from"harness:errors.ts";var h_default=UsageError;export{h_default as default};\n';
    expect([...(await hashCode(urls)).values()]).toEqual([sha256(code), sha256(code)]);
  });
});

it('nearestName suggests only what is near', () => {
  expect(nearestName('smoothgrad', ['smooth-grad', 'sobel-edges'])).toBe('smooth-grad');
  expect(nearestName('xyzzy', ['smooth-grad', 'sobel-edges'])).toBeUndefined();
});
