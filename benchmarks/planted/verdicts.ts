/**
 * The verdict of the DiffROAR check on small planted data, through the benchmark's own masks, curve and criterion.
 */
import { type AttributionMaps, type DatasetContent, type Judgement, stream, type Verdict, wilson } from 'attribench';
import plantedGaussians from '../../datasets/planted-gaussians.ts';
import check from '../checks/diffroar.ts';
import { curveOf } from '../checks/support/diffroar-curve.ts';
import { retrain } from './experiment.ts';

const TRAININGS = 5;
const SMALL = { side: 3, classes: 2, informative: 2, strength: 1.5, train: 100, validation: 1, test: 100 };
/** One level, 2 of 9 coordinates, and none of the check's controls. */
const LEVEL = 0.2;
const NO_CONTROLS = { levels: [LEVEL], maskLevels: [], roadLevels: [], rankings: [], rankingLevels: [] };

/** The map's value at a coordinate; `jitter` is uniform on 0 to 1, drawn anew for each model. */
export type MapValue = (isSignal: boolean, jitter: number) => number;

/** Nine coordinates of which two tell two classes apart. */
export function smallData(seed: number, more: { readonly strength?: number } = {}): DatasetContent {
  return plantedGaussians.load({
    parameters: { ...plantedGaussians.parameters, ...SMALL, ...more },
    sources: [],
    stream: stream('calibration data', seed),
    folder: '',
    signal: new AbortController().signal,
    progress: () => {},
  }) as DatasetContent;
}

/** The judgement over five attribution models of one data set, whose maps differ in their jitter. */
export async function judgePlanted(data: DatasetContent, value: MapValue, seed: number): Promise<Judgement> {
  const curves = Array.from({ length: TRAININGS }, (_, t) => curve(data, value, seed, t));
  const outputs = (await Promise.all(curves)).map((of) => ({ status: 'completed' as const, value: of }));
  const { id, revision } = check;
  const other = (name: string) => ({ id: name, revision: 1, parameters: {} });
  return check.judge(outputs, {
    check: { id, revision, parameters: { ...check.parameters, ...NO_CONTROLS } },
    dataset: other('planted-gaussians'),
    model: other('softmax-regression'),
    training: other('standard'),
    method: other('planted'),
  });
}

async function curve(data: DatasetContent, value: MapValue, seed: number, t: number) {
  const size = data.shape[0] * data.shape[1];
  const maps = (which: 'train' | 'test'): AttributionMaps => {
    const { masks, labels } = data.splits[which];
    const jitter = stream('jitter', seed, t, which).uniforms(labels.length * size);
    const values = jitter.map((uniform, i) => value(masks?.signal[i] === 1, uniform));
    return { shape: data.shape, rank: 'value', values, classes: labels };
  };
  const planted = { data, maps: { train: maps('train'), test: maps('test') }, ties: stream('ties', seed, t) };
  const kept = async (side: 'top' | 'bottom') => {
    const masking = { level: LEVEL, side, ranking: 'image', removal: 'zero', input: 'image' } as const;
    return (await retrain(planted, masking)).classes;
  };
  const { labels } = data.splits.test;
  const predictions = new Map<string, Int32Array[]>([
    ['top-20', [await kept('top')]],
    ['bottom-20', [await kept('bottom')]],
    // The check looks at everything unmasked too; nothing here depends on it.
    ['full-top', [labels]],
    ['full-bottom', [labels]],
  ]);
  const pairs = [{ id: '20', top: 'top-20', bottom: 'bottom-20' }];
  return curveOf(labels, predictions, pairs, pairs);
}

/** How often random maps pass, and how often they fail, each with Wilson's 95 % interval; one half of 5 % is meant. */
export async function falseVerdicts(runs: number) {
  const verdicts: Verdict[] = [];
  for (let seed = 0; seed < runs; seed++) {
    verdicts.push((await judgePlanted(smallData(seed), (_, jitter) => jitter, seed)).verdict);
  }
  const share = (verdict: 'pass' | 'fail') => {
    const count = verdicts.filter((one) => one === verdict).length;
    return { count, share: count / runs, interval: wilson(count, runs) };
  };
  return { runs, pass: share('pass'), fail: share('fail') };
}
