import { parseHTML } from 'linkedom';
import { describe, expect, test } from 'vitest';
import type { StoredRecord } from '../results/records.ts';
import { renderCurves } from './curve-plot.ts';
import { curveCatalogue, curveRecord, curveRecords } from './curve-sample.ts';
import { type CurveView, curveViews } from './curves.ts';
import { leaderboardFiles } from './files.ts';
import { formatMeasure } from './format.ts';
import { standings } from './standings.ts';

function viewOf(records: readonly StoredRecord[]): CurveView {
  const [view] = curveViews(standings(records, curveCatalogue));
  return view ?? expect.fail('no curves');
}

const view = viewOf(curveRecords());
const svg = renderCurves(view);

function parsed(text: string) {
  const { document } = parseHTML(`<!doctype html><html><body>${text}</body></html>`);
  return document;
}

test('golden file: a change here is a change of the picture, to be looked at', async () => {
  const files = leaderboardFiles(curveRecords(), curveCatalogue);
  expect([...files.keys()]).toEqual(['README.md', 'small/ablation.svg', 'small/ablation/blocks/mlp.svg']);
  await expect(files.get('small/ablation/blocks/mlp.svg') ?? '').toMatchFileSnapshot('fixtures/curves.svg');
});

test('the same records in another order, drawn again, are the same bytes', () => {
  const again = leaderboardFiles([...curveRecords()].reverse(), curveCatalogue);
  expect(again).toEqual(leaderboardFiles(curveRecords(), curveCatalogue));
  expect(again.get('small/ablation/blocks/mlp.svg')).toBe(svg);
});

describe('in words', () => {
  test('every figure with its interval stands in the description', () => {
    const description = parsed(svg).querySelector('desc')?.textContent ?? '';
    const figures = view.panels.flatMap(({ lines }) => lines.flatMap(({ points }) => points));
    expect(figures.length).toBeGreaterThan(30);
    for (const { level, measure } of figures) expect(description).toContain(`${formatMeasure(measure)} at ${level}`);
  });

  test('the page names what the picture shows, and holds its figures in tables', () => {
    const page = leaderboardFiles(curveRecords(), curveCatalogue).get('README.md') ?? '';
    const [, text = ''] = /!\[([^\]]*)\]\(small\/ablation\/blocks\/mlp\.svg\)/.exec(page) ?? [];
    for (const name of ['Ablation', 'Blocks', 'MLP', 'Input gradient', 'Random', 'robust', 'Mask alone']) {
      expect(text).toContain(name);
    }
    const figures = view.panels.flatMap(({ lines }) => lines.flatMap(({ points }) => points));
    for (const { measure } of figures) expect(page).toContain(formatMeasure(measure));
  });

  test('too few trainings for intervals are said', () => {
    expect(renderCurves(viewOf(curveRecords({ trainings: 2 })))).toContain('too few for intervals');
  });
});

/** The panels of one row: y from a number of the axis, straight lines through its labels. */
function rowOf(text: string, title: string) {
  const groups = [...parsed(text).querySelectorAll('svg > g, svg > text')];
  const at = groups.findIndex((element) => element.textContent === title);
  const row = groups[at + 1] ?? expect.fail(`no row "${title}"`);
  const ticks = [...row.querySelectorAll('text')]
    .filter((element) => element.closest('g[text-anchor="end"]') !== null)
    .map((element) => ({
      value: Number(element.textContent.replace('−', '-')),
      y: Number(/,\s*(-?[\d.]+)\)/.exec(element.getAttribute('transform') ?? '')?.[1]),
    }));
  const [first, last] = [ticks[0], ticks.at(-1)];
  if (first === undefined || last === undefined || first === last) return expect.fail(`no axis of "${title}"`);
  const slope = (last.y - first.y) / (last.value - first.value);
  return { row, pixels: (value: number) => first.y + slope * (value - first.value) };
}

/** All y of a path: M x,y L x,y ... Z. */
function heights(path: string): number[] {
  return [...path.matchAll(/[ML](-?[\d.]+),(-?[\d.]+)/g)].map(([, , y]) => Number(y));
}

const isNear = (a: number, b: number) => Math.abs(a - b) < 0.1;

describe('as drawn', () => {
  test.each(view.panels.map(({ title }) => title).slice(0, 2))('the bands of "%s" are the intervals', (title) => {
    const { row, pixels } = rowOf(svg, title);
    const panel = view.panels.find((one) => one.title === title);
    const bands = [...row.querySelectorAll('g[fill-opacity] path')].map((path) =>
      heights(path.getAttribute('d') ?? '').sort((a, b) => a - b),
    );
    const expected = (panel?.lines ?? []).map(({ points }) =>
      points.flatMap(({ measure }) => (measure.interval ?? []).map((end) => pixels(100 * end))).sort((a, b) => a - b),
    );
    expect(bands).toHaveLength(expected.length);
    for (const band of expected) {
      const found = bands.some((one) => one.length === band.length && one.every((y, i) => isNear(y, band[i] ?? 0)));
      expect(found, JSON.stringify(band)).toBe(true);
    }
  });

  test('a lone level has bars in the place of bands', () => {
    const { row, pixels } = rowOf(svg, 'Mask alone, %');
    const bars = [...row.querySelectorAll('line[stroke^="#"]')].map((line) =>
      ['y1', 'y2'].map((end) => Number(line.getAttribute(end))).sort((a, b) => a - b),
    );
    const lines = view.panels.find(({ title }) => title === 'Mask alone, %')?.lines ?? [];
    expect(lines.length).toBe(12);
    for (const { points } of lines) {
      const [high, low] = (points[0]?.measure.interval ?? []).map((end) => pixels(100 * end));
      expect(bars.some(([a, b]) => isNear(a ?? 0, low ?? 1) && isNear(b ?? 0, high ?? 1))).toBe(true);
    }
  });

  test('every estimate has its symbol at its height', () => {
    for (const { title, lines } of view.panels) {
      const { row, pixels } = rowOf(svg, title);
      const heightsOfDots = [...row.querySelectorAll('path[transform]')].map((path) =>
        Number(/,\s*(-?[\d.]+)\)/.exec(path.getAttribute('transform') ?? '')?.[1]),
      );
      for (const { points } of lines) {
        for (const { measure } of points) {
          const y = pixels(100 * measure.estimate);
          expect(
            heightsOfDots.some((dot) => isNear(dot, y)),
            `${title} ${measure.id}`,
          ).toBe(true);
        }
      }
    }
  });

  test('without intervals there are lines and no bands', () => {
    const bare = renderCurves(viewOf(curveRecords({ trainings: 2 })));
    const { row } = rowOf(bare, 'Accuracy, %');
    const bands = [...row.querySelectorAll('g[fill-opacity] path')].map((path) => path.getAttribute('d') ?? '');
    expect(bands.filter((path) => heights(path).some(Number.isFinite))).toEqual([]);
    expect(row.querySelectorAll('g[stroke-dasharray] path').length).toBeGreaterThan(0);
    expect(bare).not.toContain('NaN');
  });

  test.each([[[5]], [[5, 10, 20, 30, 50, 70, 90, 100]], [[0.5, 1, 99, 100]]])(
    'the numbers under the axis do not touch at levels %j',
    (levels) => {
      const text = renderCurves(viewOf(curveRecords({ levels, maskLevels: levels })));
      const { row } = rowOf(text, 'Accuracy, %');
      const axes = [...row.querySelectorAll('g[font-size]:not([text-anchor])')].map((axis) =>
        [...axis.children]
          .filter((element) => element.matches('text'))
          .map((element) => ({
            half: 3 * element.textContent.length,
            x: Number(/\((-?[\d.]+)/.exec(element.getAttribute('transform') ?? '')?.[1]),
          })),
      );
      const drawn = axes.filter((numbers) => numbers.length > 0);
      expect(drawn).toHaveLength(3);
      for (const numbers of drawn) {
        for (const [i, { x, half }] of numbers.entries()) {
          const before = numbers[i - 1];
          if (before !== undefined) expect(x - half - (before.x + before.half)).toBeGreaterThan(0);
        }
      }
      expect(text).not.toContain('NaN');
    },
  );

  test('a picture of one method and one training is a picture', () => {
    const text = renderCurves(viewOf([curveRecord({ method: 'input-gradient' })]));
    expect(text).toContain('Input gradient');
    expect(text).not.toMatch(/NaN|Infinity/);
    expect(parsed(text).querySelectorAll('svg')).toHaveLength(1);
  });
});
