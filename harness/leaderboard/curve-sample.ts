/**
 * Made-up records with curves, for tests: a check that scores at levels, on the sample's settings and methods.
 */
import type { Curves, Measure } from '../contracts.ts';
import type { StoredRecord } from '../results/records.ts';
import type { Catalogue } from './catalogue.ts';
import { sampleCatalogue } from './sample-plugins.ts';
import { sampleMeasure, sampleRecord, sampleValues } from './sample-record.ts';

const sides = (prefix: string) => [
  { name: 'top', measures: `${prefix}top-*` },
  { name: 'bottom', measures: `${prefix}bottom-*` },
];

const curves: Curves = {
  level: 'kept, %',
  panels: [
    { title: 'Accuracy, %', lines: sides(''), reference: { name: 'all kept', measure: 'full' } },
    { title: 'Difference, %', lines: [{ name: 'top less bottom', measures: 'difference-*' }] },
    { title: 'Mask alone, %', lines: sides('mask-') },
  ],
};

const ablation = { title: 'Ablation', revision: 1, parameters: {}, columns: null, curves };

/** The sample's catalogue, with a check of curves in it. */
export const curveCatalogue: Catalogue = {
  ...sampleCatalogue,
  plugins: new Map([...sampleCatalogue.plugins, ['check ablation', ablation]]),
};

interface CurveCell {
  readonly method: string;
  readonly training?: string;
  readonly dataset?: string;
  readonly check?: string;
  readonly levels?: readonly number[];
  readonly maskLevels?: readonly number[];
  /** How many trainings; 5 unless told. */
  readonly trainings?: number;
  /** Of the method, where it is not the current one. */
  readonly revision?: number;
}

/** One record: top above bottom by a gap that the method and the training decide. */
export function curveRecord(cell: CurveCell): StoredRecord {
  const { levels = [5, 10, 50], maskLevels = [10], trainings = 5, check = 'ablation', ...where } = cell;
  const { method, training = 'standard' } = where;
  const gap = { standard: 0.02, robust: 0.2 }[training] ?? 0.1;
  const values = (id: string, mean: number) =>
    sampleValues(`${method} ${training} ${id}`, mean, 0.01).slice(0, trainings);
  const accuracy = (id: string, mean: number) =>
    sampleMeasure(values(id, mean), {
      id,
      unit: 'accuracy',
      better: 'none',
      chance: null,
      ideal: null,
      primary: false,
    });
  const difference = (id: string, top: Measure, bottom: Measure) =>
    sampleMeasure(
      top.replicates.map(({ value }, t) => (value ?? 0) - (bottom.replicates[t]?.value ?? 0)),
      { id, unit: 'accuracy', better: 'higher', chance: 0, ideal: null, primary: id === 'difference' },
    );
  const pair = (level: number, prefix = '') => {
    const middle = 0.6 + 0.003 * level;
    return [
      accuracy(`${prefix}top-${level}`, middle + gap / 2),
      accuracy(`${prefix}bottom-${level}`, middle - gap / 2),
    ] as const;
  };
  const pairs = levels.map((level) => [level, ...pair(level)] as const);
  const whole = [accuracy('all-top', 0.7 + gap / 2), accuracy('all-bottom', 0.7 - gap / 2)] as const;
  const measures = [
    difference('difference', ...whole),
    ...pairs.flatMap(([level, top, bottom]) => [top, bottom, difference(`difference-${level}`, top, bottom)]),
    ...maskLevels.flatMap((level) => pair(level, 'mask-')),
    accuracy('full', 0.85),
  ];
  return sampleRecord({ ...where, check }, { measures, verdict: 'undecided' });
}

/** Two trainings, two methods, two controls; the controls beside the standard training alone. */
export function curveRecords(cell: Partial<CurveCell> = {}): readonly StoredRecord[] {
  const cells = [
    { method: 'input-gradient', training: 'robust' },
    { method: 'input-gradient', training: 'standard' },
    { method: 'smooth-grad', training: 'robust' },
    { method: 'smooth-grad', training: 'standard' },
    { method: 'random', training: 'standard' },
    { method: 'truth', training: 'standard' },
  ];
  return cells.map((one) => curveRecord({ ...one, ...cell }));
}
