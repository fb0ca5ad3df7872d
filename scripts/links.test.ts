/** Every picture and every relative link of the pages leads to a file of the project. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

const markdownIn = (folder: string, recursive: boolean) =>
  readdirSync(join(root, folder), { recursive })
    .map((name) => join(folder, String(name)))
    .filter((path) => path.endsWith('.md'));

const pages = [...markdownIn('.', false), ...markdownIn('docs', true), 'results/README.md'];

/** Targets of links and pictures, without code, other sites and places on the same page. */
function targetsOf(text: string): string[] {
  const prose = text.replace(/^```.*?^```/gms, '').replace(/`[^`\n]*`/g, '');
  return Array.from(prose.matchAll(/(?<!\\)\]\(([^)\s]+)\)/g), ([, target = '']) => target)
    .filter((target) => !/^(?:[a-z]+:|#)/.test(target))
    .map((target) => decodeURIComponent(target.replace(/#.*$/, '')));
}

describe.each(pages)('%s', (page) => {
  const text = readFileSync(join(root, page), 'utf8');

  test('leads to files that exist', () => {
    const missing = targetsOf(text).filter((target) => !existsSync(join(root, dirname(page), target)));
    expect(missing).toEqual([]);
  });

  test('leads to nothing outside the project', () => {
    const outside = targetsOf(text).filter((target) =>
      relative(root, join(root, dirname(page), target)).startsWith('..'),
    );
    expect(outside).toEqual([]);
  });

  test('has words for every picture', () => {
    expect(Array.from(text.matchAll(/!\[\]\(([^)]*)\)/g), ([, target]) => target)).toEqual([]);
  });
});

test('a link is found, and code, other sites and places on the page are not', () => {
  const text = 'a [b](c.md#d), ![e](f%20g.svg), `[h](i)`, [j](#k), [l](https://m)\n```\n[n](o)\n```\n\\[p\\](q)';
  expect(targetsOf(text)).toEqual(['c.md', 'f g.svg']);
});
