/** The legend of a picture of curves: methods, controls, and what the kinds of lines mean. */
import * as Plot from '@observablehq/plot';
import { type CurveView, measuresOf } from '../curves.ts';
import { INK, MUTED, roundedMarks, textAt } from '../svg.ts';
import { type Layout, SIZE } from './layout.ts';
import { CHANCE_DASH, colourOf, DASHES, dashed, REFERENCE_DASH, symbolOf } from './style.ts';

interface Key {
  readonly name: string;
  /** null: a kind of line, which is drawn without a symbol. */
  readonly series: number | null;
  readonly dash: string | undefined;
}

type Entry = Key & { readonly x: number; readonly y: number };

/** Each group of keys starts on a new line. */
export function legendOf({ view, width }: Layout): { readonly markup: string; readonly height: number } {
  const groups = [
    { title: 'Methods', keys: seriesKeys(view, true) },
    { title: 'Controls', keys: seriesKeys(view, false) },
    { title: 'Lines', keys: lineKeys(view) },
  ].filter(({ keys }) => keys.length > 0);
  const entries: Entry[] = [];
  const titles: string[] = [];
  let y = 0;
  for (const { title, keys } of groups) {
    titles.push(textAt(SIZE.margin, y + SIZE.legend / 2 + 4, title, `fill="${MUTED}" font-size="12"`));
    let x: number = SIZE.keys;
    for (const key of keys) {
      const wide = SIZE.key + 6 + SIZE.letter * key.name.length + 14;
      if (x > SIZE.keys && x + wide > width - SIZE.margin) {
        x = SIZE.keys;
        y += SIZE.legend;
      }
      entries.push({ ...key, x, y: y + SIZE.legend / 2 });
      x += wide;
    }
    y += SIZE.legend;
  }
  return { markup: titles.join('') + drawLegend(entries, view, { width, height: y }), height: y };
}

function seriesKeys({ series }: CurveView, isMethod: boolean): readonly Key[] {
  return series.flatMap((one, i) =>
    one.isMethod === isMethod ? [{ name: one.title, series: i, dash: undefined }] : [],
  );
}

function lineKeys({ panels }: CurveView): readonly Key[] {
  const [styles = []] = panels.map((panel) => panel.styles).sort((a, b) => b.length - a.length);
  const reference = panels.find((panel) => panel.reference !== null)?.reference?.name;
  const hasChance = panels.some((panel) => measuresOf(panel).some(({ chance }) => chance !== null));
  const key = (name: string, dash: string | undefined): Key => ({ name, series: null, dash });
  return [
    ...(styles.length < 2 ? [] : styles.map((name, style) => key(name, DASHES[style]))),
    ...(reference === undefined ? [] : [key(reference, REFERENCE_DASH)]),
    ...(hasChance ? [key('chance', CHANCE_DASH)] : []),
  ];
}

function drawLegend(entries: readonly Entry[], view: CurveView, size: { width: number; height: number }): string {
  const colour = (entry: Entry) => (entry.series === null ? MUTED : colourOf(entry.series));
  const end = { x1: 'x', x2: ({ x }: Entry) => x + SIZE.key, y: 'y', stroke: colour, strokeWidth: 1.8 };
  return roundedMarks({
    ...size,
    margin: 0,
    x: { type: 'identity', axis: null },
    y: { type: 'identity', axis: null },
    symbol: { domain: view.series.map((_, i) => i), range: view.series.map((_, i) => symbolOf(i)) },
    marks: [
      ...entries.map((entry) => Plot.link([entry], { ...end, ...dashed(entry.dash) })),
      Plot.dot(
        entries.filter(({ series }) => series !== null),
        {
          x: ({ x }: Entry) => x + SIZE.key / 2,
          y: 'y',
          r: SIZE.symbol + 0.6,
          symbol: 'series',
          fill: colour,
          stroke: colour,
        },
      ),
      Plot.text(entries, {
        x: ({ x }: Entry) => x + SIZE.key + 6,
        y: 'y',
        text: 'name',
        textAnchor: 'start',
        fill: INK,
        fontSize: 12,
      }),
    ],
  });
}
