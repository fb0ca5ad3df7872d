/**
 * Which measures order planted maps rightly, and which are fooled.
 *
 * The truth of a scenario is DiffROAR on images of which all that is not signal was blackened beforehand: what is
 * kept of the signal, with no other coordinate to draw a shape with. A measure is right where its interval and
 * the truth's lie on the same side of the tolerance.
 */
import {
  type DatasetContent,
  mean,
  type Parameters,
  resolveParameters,
  type Split,
  stream,
  tInterval,
} from 'attribench';
import plantedGaussians from '../../datasets/planted-gaussians.ts';
import { CANDIDATES, type Explained } from './candidates.ts';
import { type Planted, type Retrainer, retrain, retrainOn } from './experiment.ts';
import { plantedMaps, SCENARIOS, type Scenario } from './scenarios.ts';

/** Settings of the data common to all scenarios; 6 of 25 coordinates are informative, 5 are kept. */
export const DATA = { side: 5, classes: 3, informative: 6, strength: 1.2, train: 800, validation: 1, test: 500 };
export const LEVEL = 0.2;
/** Differences up to this are none: about a tenth of what the signal is worth. */
export const TOLERANCE = 0.05;

/** +1 and -1: wholly above or below the tolerance; 0: wholly within; null: neither. */
export type Sign = -1 | 0 | 1 | null;

export interface Figure {
  readonly estimate: number;
  /** 95 % t interval over replicates, each with data, model and maps of its own. */
  readonly interval: readonly [number, number];
  readonly sign: Sign;
  readonly values: readonly number[];
}

/** right: the truth's sign; blind: within the tolerance where the truth is not; fooled: any other sign; open: no sign. */
export type Finding = 'right' | 'blind' | 'fooled' | 'open';

export interface ScenarioResult {
  readonly id: string;
  readonly truth: Figure;
  readonly candidates: readonly { readonly id: string; readonly figure: Figure; readonly finding: Finding }[];
}

/** Test accuracy of the model whose predictions leak, by replicate. */
export interface Study {
  readonly accuracy: Figure;
  readonly scenarios: readonly ScenarioResult[];
}

export interface StudyRequest {
  readonly replicates: number;
  /** Settings of the data. */
  readonly data: Parameters;
  /** Ids; absent: all. */
  readonly scenarios?: readonly string[];
  readonly candidates?: readonly string[];
  readonly retrainer?: Retrainer;
}

/** Candidates on scenarios. */
export async function study({ replicates, data, retrainer, ...chosen }: StudyRequest): Promise<Study> {
  const accuracies: number[] = [];
  const asked = CANDIDATES.filter(({ id }) => chosen.candidates?.includes(id) ?? true);
  const scenarios: ScenarioResult[] = [];
  for (const scenario of SCENARIOS.filter(({ id }) => chosen.scenarios?.includes(id) ?? true)) {
    const truths: number[] = [];
    const values: number[][] = asked.map(() => []);
    for (let replicate = 0; replicate < replicates; replicate++) {
      const { explained, truth, accuracy } = await replicateOf(scenario, replicate, data);
      if (scenario.data === undefined && accuracies.length < replicates) accuracies.push(accuracy);
      truths.push(truth);
      for (const [c, { measure }] of asked.entries()) values[c]?.push(await measure(explained, LEVEL, retrainer));
    }
    const truth = figureOf(truths);
    const candidates = asked.map(({ id }, c) => {
      const figure = figureOf(values[c] ?? []);
      return { id, figure, finding: compare(figure.sign, truth.sign) };
    });
    scenarios.push({ id: scenario.id, truth, candidates });
  }
  return { accuracy: figureOf(accuracies), scenarios };
}

/** One data set with its model's predictions and maps. */
export async function replicateOf(
  scenario: Scenario,
  replicate: number,
  more: Parameters = {},
): Promise<{ readonly explained: Explained; readonly truth: number; readonly accuracy: number }> {
  const names = ['planted', scenario.id, replicate] as const;
  const data = draw({ ...DATA, ...more, ...scenario.data }, stream('data', ...names));
  const { train, test } = data.splits;
  const fit = { train: retrainOn(data, train, train, 'image'), test: retrainOn(data, train, test, 'image') };
  const planted = (choice: 'predicted' | 'drawn'): Planted => {
    const maps = (which: 'train' | 'test') => {
      const predicted = fit[which].classes;
      const drawn = stream('class explained', ...names, which);
      const explained = choice === 'predicted' ? predicted : predicted.map(() => drawn.integer(data.classes.length));
      const jitter = stream('jitter', ...names, choice, which);
      return plantedMaps(scenario, data.splits[which], data.classes.length, { explained, predicted }, jitter);
    };
    return { data, maps: { train: maps('train'), test: maps('test') }, ties: stream('ties', ...names) };
  };
  const explained = { prediction: planted('predicted'), drawn: planted('drawn') };
  const bare: Planted = { ...explained.prediction, data: onlySignal(data) };
  const kept = async (side: 'top' | 'bottom') => {
    const { accuracy } = await retrain(bare, { level: LEVEL, side, ranking: 'image', removal: 'zero', input: 'image' });
    return accuracy;
  };
  return { explained, truth: (await kept('top')) - (await kept('bottom')), accuracy: fit.test.accuracy };
}

function draw(parameters: Parameters, numbers: ReturnType<typeof stream>): DatasetContent {
  return plantedGaussians.load({
    parameters: resolveParameters(plantedGaussians, parameters) as typeof plantedGaussians.parameters,
    sources: [],
    stream: numbers,
    folder: '',
    signal: new AbortController().signal,
    progress: () => {},
  }) as DatasetContent;
}

/** The same images with 0 wherever there is no signal. */
function onlySignal(data: DatasetContent): DatasetContent {
  const bare = (split: Split): Split => ({
    ...split,
    images: Float32Array.from(split.images, (value, i) => (split.masks?.signal[i] === 1 ? value : 0)),
  });
  const { train, validation, test } = data.splits;
  return { ...data, splits: { train: bare(train), validation, test: bare(test) } };
}

export function figureOf(values: readonly number[]): Figure {
  const interval = tInterval(values);
  if (interval === null) throw new RangeError(`[attribench] ${values.length} replicates, expected 3 or more`);
  const [low, high] = interval;
  const sign = low > TOLERANCE ? 1 : high < -TOLERANCE ? -1 : low > -TOLERANCE && high < TOLERANCE ? 0 : null;
  return { estimate: mean(values), interval, sign, values };
}

export function compare(sign: Sign, truth: Sign): Finding {
  if (sign === null || truth === null) return 'open';
  if (sign === truth) return 'right';
  return sign === 0 ? 'blind' : 'fooled';
}
