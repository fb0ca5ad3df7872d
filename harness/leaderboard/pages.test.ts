import { parseHTML } from 'linkedom';
import { describe, expect, test } from 'vitest';
import { catalogueOf } from './catalogue.ts';
import { leaderboardFiles } from './files.ts';
import { overviews } from './overview.ts';
import { sampleClaims, sampleRecords } from './sample.ts';
import { sampleCatalogue } from './sample-plugins.ts';
import { sampleMeasure, sampleRecord, sampleRun } from './sample-record.ts';
import { standings } from './standings.ts';
import { renderTerminal, type TerminalHead } from './terminal.ts';

const head: TerminalHead = {
  profile: 'small',
  engine: { name: 'wasm', version: '4.22.0' },
  catalogue: sampleCatalogue,
  why: 'the fastest engine present',
  machine: sampleRun('').machine,
  seconds: 12.34,
  results: 'results/small',
};
const cells = sampleRecords().map(({ record }) => record);
const page = (records = sampleRecords(), claims = sampleClaims) =>
  leaderboardFiles(records, sampleCatalogue, claims).get('README.md') ?? '';

describe('golden files: a change here is a change of the page, to be looked at', () => {
  test('README.md', async () => {
    await expect(page()).toMatchFileSnapshot('fixtures/README.md');
  });
  test('the picture', async () => {
    const files = leaderboardFiles(sampleRecords(), sampleCatalogue);
    expect([...files.keys()]).toEqual(['README.md', 'small/leakage.svg']);
    await expect(files.get('small/leakage.svg') ?? '').toMatchFileSnapshot('fixtures/leakage.svg');
  });
  test('the closing table', async () => {
    await expect(renderTerminal(cells, head)).toMatchFileSnapshot('fixtures/closing-table.txt');
  });
});

test('made again in the same process, the files are byte-identical', () => {
  expect(leaderboardFiles(sampleRecords(), sampleCatalogue)).toEqual(
    leaderboardFiles(sampleRecords(), sampleCatalogue),
  );
});

describe('the page', () => {
  test('without records it says so', () => {
    expect(page([], [])).toContain('There are no records yet.');
  });

  test('names at a glance the best eight methods of a verdict, and counts the others', () => {
    const names = Array.from({ length: 10 }, (_, i) => `method-${9 - i}`);
    const records = names.map((method, i) =>
      sampleRecord(
        { method },
        { verdict: 'fail', measures: [sampleMeasure([0, 0.01, 0.02].map((more) => 0.5 + i / 100 + more))] },
      ),
    );
    const known = { revision: 1, parameters: {}, columns: null, curves: null };
    const plugins = names.map((id) => [`method ${id}`, { ...known, title: id }] as const);
    const catalogue = { ...sampleCatalogue, plugins: new Map([...sampleCatalogue.plugins, ...plugins]) };
    const glance = leaderboardFiles(records, catalogue, []).get('README.md');
    expect(glance).toContain(`**10**: ${names.slice(0, 8).join('; ')}; and 2 more, in the table below |`);
  });

  test('every state is shown with its reason', () => {
    const text = page();
    expect(text).toContain('| Rules only | *skipped* |');
    expect(text).toContain('- Rules only: skipped: the model offers no &quot;propagation&quot;');
    expect(text).toContain('*failed*');
    expect(text).toContain(': out of memory');
    expect(text).toContain('*stale:* ');
    expect(text).toContain('stale: method &quot;smooth-grad&quot; is at revision 1, the record at 3');
    expect(text).toContain('training 1 is left out: the loss was not finite from epoch 3');
    expect(text).toContain('| 4 of 5 |');
  });

  test('every link leads to a record file or a picture', () => {
    const files = leaderboardFiles(sampleRecords(), sampleCatalogue);
    const known = new Set([...sampleRecords().map(({ path }) => `${path}.json`), ...files.keys()]);
    const links = [...page().matchAll(/\]\(([^)]+)\)/g)].map(([, target]) => decodeURIComponent(target ?? ''));
    expect(links.length).toBeGreaterThan(sampleRecords().length);
    expect(links.filter((link) => !known.has(link))).toEqual([]);
  });

  test('every table has as many cells in each row as in its head', () => {
    const tables = page()
      .split('\n\n')
      .filter((block) => block.startsWith('|'));
    for (const block of tables) {
      const widths = block.split('\n').map((line) => line.replaceAll('\\|', '').split('|').length);
      expect(new Set(widths).size, block).toBe(1);
    }
  });

  test('a figure that lost its direction stands in parentheses', () => {
    const further = (better: 'lower' | 'none') => sampleMeasure([0.3, 0.3, 0.3], { id: 'top', primary: false, better });
    const record = (method: string, better: 'lower' | 'none') =>
      sampleRecord({ method }, { measures: [sampleMeasure([0.1, 0.2, 0.3]), further(better)], verdict: 'pass' });
    expect(page([record('random', 'none'), record('input-gradient', 'lower')], [])).toMatch(
      /Random.*\(30\.0 \[30\.0, 30\.0\]\)/,
    );
  });

  test('hostile titles and reasons stay text', () => {
    const hostile = '</summary>|<img src=x onerror=alert(1)>\n# [x](javascript:y)';
    const found = [...sampleCatalogue.plugins].map(([name, entry]) => {
      const [kind = '', id = ''] = name.split(' ');
      return [name, kind === 'profile' ? entry : { ...entry, title: `${id} ${hostile}` }] as const;
    });
    const catalogue = { ...sampleCatalogue, plugins: new Map(found) };
    const records = [...sampleRecords(), sampleRecord({ method: 'oddity' }, { reason: hostile })];
    const claims = sampleClaims.map((claim) => ({ ...claim, detail: hostile }));
    const files = leaderboardFiles(records, catalogue, claims);
    // A summary is an HTML block: Markdown means nothing in it.
    const text = (files.get('README.md') ?? '').replace(/<summary>.*<\/summary>/g, '');
    expect(text).not.toContain('<img');
    expect(text).not.toMatch(/(?<!\\)\]\(javascript/);
    expect(text.split('\n').filter((line) => /^#+ /.test(line))).toHaveLength(
      page()
        .split('\n')
        .filter((line) => /^#+ /.test(line)).length,
    );
    expect(files.get('small/leakage.svg')).not.toContain('<img');
  });
});

describe('the picture', () => {
  const svg = leaderboardFiles(sampleRecords(), sampleCatalogue).get('small/leakage.svg') ?? '';

  test('is a file of its own: namespace, name, no style sheet, no ids, no aria labels', () => {
    const { document } = parseHTML(svg);
    const root = document.querySelector('svg');
    expect(root?.getAttribute('xmlns')).toBe('http://www.w3.org/2000/svg');
    expect(root?.getAttribute('role')).toBe('img');
    expect(document.querySelector('title')?.textContent).toBe('Null-block leakage (MLP), profile small');
    expect(svg).not.toMatch(/<style|\sid=|aria-|NaN|undefined/);
    expect(document.querySelectorAll('svg')).toHaveLength(1);
  });

  test('has one dot a counted row', () => {
    const counted = standings(sampleRecords(), sampleCatalogue)
      .filter(({ subject }) => subject === 'method')
      .flatMap(({ rows }) => rows.filter((row) => row.state === 'counted'));
    const marks = [...svg.matchAll(/<path[^>]*stroke="#[0-9a-f]{6}"[^>]*\/>/g)].length;
    expect(counted.length).toBeGreaterThan(10);
    expect(marks).toBeGreaterThanOrEqual(counted.length);
  });

  test('is not made, nor linked, where nothing is counted', () => {
    const records = [sampleRecord({ method: 'needy' }, { reason: 'no' })];
    const files = leaderboardFiles(records, sampleCatalogue);
    expect([...files.keys()]).toEqual(['README.md']);
    expect(files.get('README.md')).not.toContain('.svg');
  });
});

describe('the overview', () => {
  test('orders rows by their mean place and names columns by what differs', () => {
    const [view] = overviews(standings(sampleRecords(), sampleCatalogue));
    expect(view?.shared.title).toBe('MLP');
    expect(view?.columns.map(({ name }) => name.label)).toEqual([
      'blocks · standard',
      'blocks+digits=2,4 · standard',
      'blocks · robust',
      'blocks-top · standard',
    ]);
    expect(view?.rows[0]?.label).toBe('truth');
    expect(view?.rows.at(-1)?.label).toBe('needy');
    expect(view?.rows.find(({ label }) => label === 'random')?.cells[1]).toBeUndefined();
  });
});

test('trainings of one plugin are told apart by what differs, also where one has the default', () => {
  const at = (eps: number) => {
    const stored = sampleRecord({ method: 'random', training: 'robust' }, { reason: 'no' });
    const identity = {
      ...stored.record.identity,
      training: { id: 'robust', revision: 2, parameters: { eps, steps: 8 } },
    };
    return { ...stored, record: { ...stored.record, identity } };
  };
  const standard = sampleRecord({ method: 'random' }, { reason: 'no' });
  const [view] = overviews(standings([at(1), at(2), standard], sampleCatalogue));
  expect(view?.columns.map(({ name }) => name)).toEqual([
    { label: 'standard', title: 'standard' },
    { label: 'robust+eps=1', title: 'robust, eps 1' },
    { label: 'robust+eps=2', title: 'robust, eps 2' },
  ]);
});

describe('the closing table', () => {
  test.each([60, 80, 100, 120])('fits %i columns', (width) => {
    const lines = renderTerminal(cells, { ...head, width }).split('\n');
    expect(lines.filter((line) => line.length > width)).toEqual([]);
  });

  test('is plain off a terminal, and the same text with colours', () => {
    const plain = renderTerminal(cells, head);
    const coloured = renderTerminal(cells, { ...head, colour: true });
    expect(plain).not.toContain('\u001b');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is how colours are written
    const stripped = coloured.replace(/\u001b\[\d+m/g, '').replace(/ +$/gm, '');
    expect(coloured).toContain('\u001b[31m');
    expect(stripped).toBe(plain);
  });

  test('says engine, profile, machine, findings, failures and skips', () => {
    const text = renderTerminal(cells, head);
    expect(text).toContain('profile small · engine wasm 4.22.0');
    expect(text).toContain('Example CPU 3000, 2 cores');
    expect(text).toContain('all 3 methods fail');
    expect(text).toContain('all 2 methods pass');
    expect(text).toContain('trainings left out by rule: up to 1 a cell');
    expect(text).toMatch(/Failed \(1\)[\s\S]*out of memory/);
    expect(text).toMatch(/Skipped \(3\)[\s\S]*the model offers no "propagation"/);
  });

  test('an oracle or a model that fails is said', () => {
    const failing = (method: string | null, check: string) =>
      sampleRecord({ method, check }, { measures: [sampleMeasure([0.5, 0.5, 0.5])], verdict: 'fail' }).record;
    expect(renderTerminal([failing('truth', 'leakage')], head)).toMatch(
      /even\s+the\s+oracle\s+\(truth\)\s+fails:\s+distrust\s+this\s+check/,
    );
    expect(renderTerminal([failing(null, 'accuracy')], head)).toContain('the model fails');
  });

  test('control characters in a reason do not reach the terminal', () => {
    const { record } = sampleRecord({ method: 'needy' }, { reason: 'bad\u001b[2J\nthing' });
    expect(renderTerminal([record], head)).toContain('bad [2J thing');
    expect(renderTerminal([record], head)).not.toContain('\u001b');
  });

  test('no records, no tables', () => {
    expect(renderTerminal([], { ...head, catalogue: catalogueOf([]) })).toContain('0 cells');
  });
});
