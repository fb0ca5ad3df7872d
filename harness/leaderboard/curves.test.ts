import { describe, expect, test } from 'vitest';
import type { StoredRecord } from '../results/records.ts';
import { curveCatalogue, curveRecord, curveRecords } from './curve-sample.ts';
import { type CurveView, curvesPath, curveViews } from './curves.ts';
import { leaderboardFiles } from './files.ts';
import { sampleRecord } from './sample-record.ts';
import { standings } from './standings.ts';

const views = (records: readonly StoredRecord[]) => curveViews(standings(records, curveCatalogue));

function theView(records: readonly StoredRecord[] = curveRecords()): CurveView {
  const [view, ...others] = views(records);
  if (view === undefined || others.length > 0)
    throw new Error(`expected one view, got ${others.length + Number(!!view)}`);
  return view;
}

/** `column, series, style at level: measure id` of every point. */
function pointsOf({ columns, series, panels }: CurveView) {
  return panels.flatMap(({ styles, lines }) =>
    lines.flatMap((line) => {
      const where = [columns[line.column]?.title, series[line.series]?.label, styles[line.style]].join(', ');
      return line.points.map(({ level, measure }) => ({ name: `${where} at ${level}`, measure }));
    }),
  );
}

describe('the curves of a check', () => {
  test('have a column a training, in the order of the profile, and one of the controls', () => {
    const view = theView();
    expect(view.columns.map(({ title }) => title)).toEqual(['standard', 'robust', 'Controls, beside standard']);
    expect(view.series.map(({ label }) => label)).toEqual(['input-gradient', 'smooth-grad', 'random', 'truth']);
    expect(curvesPath(view)).toBe('small/ablation/blocks/mlp.svg');
  });

  test('hold the measures of the records, each once', () => {
    const expected = curveRecords().flatMap(({ record }) => {
      if (record.status !== 'completed') return [];
      const { training, method } = record.identity;
      const column = record.role === 'method' ? training.id : 'Controls, beside standard';
      return record.measures.flatMap((measure) => {
        const [, , side, level] = /^(mask-)?(top|bottom|difference)-(\d+)$/.exec(measure.id) ?? [];
        const line = side === 'difference' ? 'top less bottom' : side;
        return level === undefined ? [] : [{ name: `${column}, ${method?.id}, ${line} at ${level}`, measure }];
      });
    });
    const inOrder = (points: typeof expected) => points.map((point) => JSON.stringify(point)).sort();
    expect(expected.length).toBe(6 * (3 * 3 + 2));
    expect(inOrder([...pointsOf(theView())])).toEqual(inOrder(expected));
  });

  test('ascend by level as a number', () => {
    const view = theView([curveRecord({ method: 'random', levels: [10, 2.5, 100] })]);
    expect(view.panels[0]?.lines[0]?.points.map(({ level }) => level)).toEqual([2.5, 10, 100]);
  });

  test('take a number for the level and nothing else', () => {
    const stored = curveRecord({ method: 'random' });
    const { record } = stored;
    if (record.status !== 'completed') throw new Error('expected a completed record');
    const others = ['top-', 'top-x', 'top-class-5', 'desktop-5', 'top-5-percent', 'top--5'].map((id) => ({
      ...(record.measures.at(-1) ?? expect.fail('no measure')),
      id,
    }));
    expect(theView([{ ...stored, record: { ...record, measures: [...record.measures, ...others] } }])).toEqual(
      theView([stored]),
    );
  });

  test('draw the reference once a column', () => {
    const { panels, columns } = theView();
    expect(panels[0]?.reference?.values.map(({ column }) => column)).toEqual(columns.map((_, column) => column));
    expect(panels[0]?.reference?.values[0]?.measure.id).toBe('full');
    expect(panels[1]?.reference).toBeNull();
  });
});

describe('what is missing', () => {
  test('a level of one method: the others keep theirs', () => {
    const records = [
      curveRecord({ method: 'input-gradient', levels: [5, 50] }),
      curveRecord({ method: 'smooth-grad', levels: [5, 10, 50] }),
    ];
    const [panel] = theView(records).panels;
    const levels = panel?.lines.map(({ points }) => points.map(({ level }) => level));
    expect(levels).toEqual([
      [5, 50],
      [5, 50],
      [5, 10, 50],
      [5, 10, 50],
    ]);
    expect(leaderboardFiles(records, curveCatalogue).get('README.md')).toMatch(
      /\| standard \| Input gradient \| top \| 6[^|]* \| – \| 7[^|]* \|/,
    );
  });

  test('the controls: no column of them', () => {
    const records = curveRecords().filter(({ record: { role } }) => role === 'method');
    expect(theView(records).columns.map(({ title }) => title)).toEqual(['standard', 'robust']);
  });

  test('the methods: only the controls', () => {
    const records = curveRecords().filter(({ record: { role } }) => role !== 'method');
    expect(theView(records).columns.map(({ title }) => title)).toEqual(['Controls']);
  });

  test('all trainings but one', () => {
    const records = curveRecords().filter(({ record }) => record.identity.training.id === 'standard');
    expect(theView(records).columns.map(({ title }) => title)).toEqual(['standard', 'Controls']);
  });

  test('the mask control: no panel of it', () => {
    expect(theView(curveRecords({ maskLevels: [] })).panels.map(({ title }) => title)).toEqual([
      'Accuracy, %',
      'Difference, %',
    ]);
  });

  test('an estimate: no point', () => {
    expect(views([curveRecord({ method: 'random', trainings: 0 })])).toEqual([]);
  });

  test('a current record: stale and skipped ones are not drawn', () => {
    const stale = curveRecord({ method: 'smooth-grad', revision: 7 });
    const skipped = sampleRecord({ method: 'needy', check: 'ablation' }, { reason: 'no gradient' });
    const view = theView([...curveRecords({ training: 'standard' }).slice(0, 1), stale, skipped]);
    expect(view.series.map(({ label }) => label)).toEqual(['input-gradient']);
    const files = leaderboardFiles([stale, skipped], curveCatalogue);
    expect([...files.keys()]).toEqual(['README.md']);
    expect(files.get('README.md')).not.toContain('.svg');
  });

  test('curves: a check that declares none has no picture of them', () => {
    expect(views([curveRecord({ method: 'random', check: 'leakage' })])).toEqual([]);
  });
});

test('controls beside several trainings are drawn from the first, so that a column has each once', () => {
  const records = [
    ...curveRecords(),
    curveRecord({ method: 'random', training: 'robust' }),
    curveRecord({ method: 'truth', training: 'robust' }),
  ];
  expect(theView(records)).toEqual(theView());
});

test('each data set has its own picture', () => {
  const found = views([...curveRecords(), ...curveRecords({ dataset: 'blocks-top', training: 'standard' })]);
  expect(found.map(curvesPath)).toEqual(['small/ablation/blocks/mlp.svg', 'small/ablation/blocks-top/mlp.svg']);
});
