/** The committed pages against the plugins: a method that is changed, added or taken away changes them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { packageRoot, Registry } from '../harness/plugins.ts';
import { MEASURED_HERE } from '../methods/support/literature.ts';
import { pages } from './pages.ts';

let made: ReadonlyMap<string, string> = new Map();
beforeAll(async () => {
  made = await pages();
});

describe('docs/methods', () => {
  test('says what the plugins say; `npm run docs` writes it anew', () => {
    for (const [path, text] of made) expect(readFileSync(join(packageRoot, path), 'utf8'), path).toBe(text);
  });

  test('has no page but these', () => {
    const files = readdirSync(join(packageRoot, 'docs/methods')).map((file) => `docs/methods/${file}`);
    expect(files.sort()).toEqual([...made.keys()].sort());
  });

  test('has every method of this package once, with a formula', async () => {
    const registry = await Registry.load({ from: packageRoot });
    const text = [...made.values()].join('\n');
    for (const { id, plugin } of registry.all('method')) {
      expect(plugin.about?.formula, id).toMatch(/./);
      expect(text.split(`\n\n\`${id}\` · `), id).toHaveLength(2);
    }
  });

  test('says of the records what they hold', async () => {
    const registry = await Registry.load({ from: packageRoot });
    const leakage = (model: string, id: string) =>
      JSON.parse(
        readFileSync(join(packageRoot, `results/standard/null-block-leakage/blockmnist/${model}/${id}.json`), 'utf8'),
      );
    for (const { id, plugin } of registry.all('method')) {
      const measured = plugin.about?.failures.filter(({ cite }) => cite.includes(MEASURED_HERE)) ?? [];
      for (const { text } of measured) {
        const model = text.includes('PGD Linf') ? 'mlp--pgd-linf' : 'mlp--standard';
        expect(leakage(model, id).verdict, `${id}: ${text}`).toBe('fail');
      }
    }
  });

  test('links to nothing that is not there', () => {
    for (const text of made.values()) {
      const seen = new Map<string, number>();
      const headings = Array.from(text.matchAll(/^## (.+)$/gm), ([, title = '']) => {
        const anchor = title
          .toLowerCase()
          .replace(/[^a-z0-9 -]/g, '')
          .replaceAll(' ', '-');
        const before = seen.get(anchor) ?? 0;
        seen.set(anchor, before + 1);
        return before === 0 ? anchor : `${anchor}-${before}`;
      });
      expect(Array.from(text.matchAll(/\]\(#([^)]+)\)/g), ([, anchor]) => anchor)).toEqual(headings);
      for (const [, path = ''] of text.matchAll(/\]\(\.\.\/\.\.\/([^)]+)\)/g)) {
        expect(readdirSync(join(packageRoot, path, '..'))).toContain(path.split('/').at(-1));
      }
    }
  });
});
