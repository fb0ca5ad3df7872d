import { describe, expect, test } from 'vitest';
import type { Method } from './contracts.ts';
import { defineDataset, defineMethod } from './define.ts';
import { entry, familyPage } from './handbook.ts';

const described = { id: 'mine', title: 'Mine', cite: 'Me, 2026', revision: 1 };
const attribute = () => expect.fail('not called');
const method: Method = defineMethod({
  ...described,
  needs: ['logits', 'weights'],
  requires: { reference: 8, auxiliary: { other: { model: 'linear', training: 'standard' } } },
  parameters: { samples: 3, rule: 'left' },
  rank: 'value',
  axioms: ['dummy'],
  attribute,
  about: {
    family: 'black-box',
    formula: `
      a = x
      b = 2
    `,
    map: 'shape of the images',
    text: `One line
      and another.`,
    parameters: { samples: 'how many', rule: 'which' },
    failures: [
      { text: 'It sums to nothing', cite: 'You, 2025', axiom: 'completeness' },
      { text: 'It is slow.', cite: 'They, 2024' },
    ],
  },
});

describe('entry', () => {
  test('of a method holds all that it says of itself', () => {
    expect(entry(method, 'package/mine', 3)).toBe(
      [
        '### Mine',
        '`package/mine` · method · needs logits and weights · requires 8 reference images, other: linear, standard · ranked by value',
        '    a = x\n    b = 2',
        'Map: shape of the images.',
        'One line and another.',
        'Source: Me, 2026.',
        'Parameters:',
        '- `samples` = 3: how many\n- `rule` = "left": which',
        'Axioms claimed: dummy.',
        'Known failures:',
        '- *completeness*: It sums to nothing. (You, 2025)\n- It is slow. (They, 2024)',
      ].join('\n\n'),
    );
  });

  test('of a method without an account of itself holds its declarations', () => {
    const bare: Method = defineMethod({ ...described, needs: ['gradient'], rank: 'magnitude', attribute });
    expect(entry(bare, 'mine')).toBe(
      '## Mine\n\n`mine` · method · needs gradient · ranked by |value|\n\nSource: Me, 2026.',
    );
  });

  test('of another plugin holds its source and its parameters', () => {
    const dataset = defineDataset({ ...described, parameters: { size: [1, 2] }, load: attribute });
    expect(entry(dataset, 'mine')).toBe('## Mine\n\n`mine`\n\nSource: Me, 2026.\n\nParameters:\n\n- `size` = [1,2]');
  });

  test('wraps long lines, never before what Markdown takes for a list, a quote or a heading', () => {
    const words = Array.from({ length: 300 }, (_, k) => ['word', '+ 1', '- 2', '3. 4', '# 5', '> 6'][k % 6]).join(' ');
    const cite = `${words} end.`;
    const text = entry(defineDataset({ ...described, cite, load: attribute }), 'mine');
    const [, , source = ''] = text.split('\n\n');
    expect(source.replaceAll('\n', ' ')).toBe(`Source: ${cite}`);
    const lines = source.split('\n');
    expect(lines.length).toBeGreaterThan(5);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(120);
    expect(lines.filter((line) => /^([-+*#>=|]|\d+\.)/.test(line))).toEqual([]);
  });
});

describe('familyPage', () => {
  test('explains the axioms that its methods claim or fail, and no others', () => {
    const page = familyPage('black-box', [method]);
    expect(page).toMatch(/^# Black boxes/);
    expect(page).toContain('\n- [Mine](#mine) `mine`\n');
    expect(Array.from(page.matchAll(/^- \*(.+?)\*:.*(?:sums to the|gets nothing)/gm), ([, axiom]) => axiom)).toEqual([
      'completeness',
      'dummy',
    ]);
    expect(page).not.toContain('symmetry');
    expect(page.endsWith(')\n')).toBe(true);
  });
});
