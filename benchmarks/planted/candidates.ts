/**
 * Measures that might stand in for DiffROAR where the mask's shape tells the prediction.
 */
import type { Masking, Ranking, Removal } from 'attribench';
import { type Planted, type Retrained, type Retrainer, retrain } from './experiment.ts';

/** The same data and model with the maps of the predicted class, and with those of a class drawn for each image. */
export interface Explained {
  readonly prediction: Planted;
  readonly drawn: Planted;
}

export interface Candidate {
  readonly id: string;
  readonly title: string;
  readonly measure: (planted: Explained, level: number, retrainer?: Retrainer) => Promise<number>;
}

type Choice = Partial<Pick<Masking, 'ranking' | 'removal' | 'input'>>;

type Figure = (of: Retrained) => number;

/** What is measured by a level and a retrainer. */
type Setting = readonly [level: number, retrainer?: Retrainer | undefined];

async function difference(planted: Planted, choice: Choice, figure: Figure, [level, retrainer]: Setting) {
  const at = async (side: 'top' | 'bottom') => {
    const masking: Masking = { level, side, ranking: 'image', removal: 'zero', input: 'image', ...choice };
    return figure(await retrain(planted, masking, retrainer));
  };
  return (await at('top')) - (await at('bottom'));
}

const accuracy = (of: Retrained) => of.accuracy;

/** What the pixels add to the mask: (x m, m) less (0, m), top less bottom. */
async function added(planted: Planted, figure: Figure, setting: Setting) {
  const together = await difference(planted, { input: 'image+mask' }, figure, setting);
  return together - (await difference(planted, { input: 'mask' }, figure, setting));
}

const ofRanking = (ranking: Ranking, title: string): Candidate => ({
  id: ranking,
  title,
  measure: ({ prediction }, ...setting) => difference(prediction, { ranking }, accuracy, setting),
});
const ofRemoval = (removal: Removal, title: string): Candidate => ({
  id: removal,
  title,
  measure: ({ prediction }, ...setting) => difference(prediction, { removal }, accuracy, setting),
});

export const CANDIDATES: readonly Candidate[] = [
  ofRanking('image', 'DiffROAR (zeros)'),
  ofRemoval('mean', 'DiffROAR, removed to the mean'),
  ofRemoval('noise', 'DiffROAR, removed to noise'),
  ofRemoval('road', 'DiffROAR, ROAD imputation'),
  {
    id: 'pixels',
    title: 'What the pixels add to the mask, accuracy',
    measure: ({ prediction }, ...setting) => added(prediction, accuracy, setting),
  },
  {
    id: 'pixels-nats',
    title: 'What the pixels add to the mask, nats',
    measure: ({ prediction }, ...setting) => added(prediction, ({ loss }) => -loss, setting),
  },
  ofRanking('class', 'DiffROAR, one ranking a class'),
  ofRanking('global', 'DiffROAR, one ranking'),
  ofRanking('random-class', 'DiffROAR, ranking of a random class'),
  ofRanking('dilated', 'DiffROAR, dilated masks'),
  {
    id: 'drawn-class',
    title: 'DiffROAR, maps explain a class drawn at random',
    measure: ({ drawn }, ...setting) => difference(drawn, {}, accuracy, setting),
  },
  {
    id: 'pixels-drawn-class',
    title: 'What the pixels add to the mask, maps explain a class drawn at random',
    measure: ({ drawn }, ...setting) => added(drawn, accuracy, setting),
  },
];
