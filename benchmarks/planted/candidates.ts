/**
 * Measures that might stand in for DiffROAR where the mask's shape tells the prediction.
 */
import type { Masking, Ranking, Removal } from 'attribench';
import { type Planted, type Retrained, retrain } from './experiment.ts';

/** The same data and model with the maps of the predicted class, and with those of a class drawn for each image. */
export interface Explained {
  readonly prediction: Planted;
  readonly drawn: Planted;
}

export interface Candidate {
  readonly id: string;
  readonly title: string;
  readonly measure: (planted: Explained, level: number) => number;
}

type Choice = Partial<Pick<Masking, 'ranking' | 'removal' | 'input'>>;

const difference = (planted: Planted, level: number, choice: Choice, figure: (of: Retrained) => number) => {
  const at = (side: 'top' | 'bottom') =>
    figure(retrain(planted, { level, side, ranking: 'image', removal: 'zero', input: 'image', ...choice }));
  return at('top') - at('bottom');
};
const accuracy = (of: Retrained) => of.accuracy;

/** What the pixels add to the mask: (x m, m) less (0, m), top less bottom. */
const added = (planted: Planted, level: number, figure: (of: Retrained) => number) =>
  difference(planted, level, { input: 'image+mask' }, figure) - difference(planted, level, { input: 'mask' }, figure);

const ofRanking = (ranking: Ranking, title: string): Candidate => ({
  id: ranking,
  title,
  measure: ({ prediction }, level) => difference(prediction, level, { ranking }, accuracy),
});
const ofRemoval = (removal: Removal, title: string): Candidate => ({
  id: removal,
  title,
  measure: ({ prediction }, level) => difference(prediction, level, { removal }, accuracy),
});

export const CANDIDATES: readonly Candidate[] = [
  ofRanking('image', 'DiffROAR (zeros)'),
  ofRemoval('mean', 'DiffROAR, removed to the mean'),
  ofRemoval('noise', 'DiffROAR, removed to noise'),
  ofRemoval('road', 'DiffROAR, ROAD imputation'),
  {
    id: 'pixels',
    title: 'What the pixels add to the mask, accuracy',
    measure: ({ prediction }, level) => added(prediction, level, accuracy),
  },
  {
    id: 'pixels-nats',
    title: 'What the pixels add to the mask, nats',
    measure: ({ prediction }, level) => added(prediction, level, ({ loss }) => -loss),
  },
  ofRanking('class', 'DiffROAR, one ranking a class'),
  ofRanking('global', 'DiffROAR, one ranking'),
  ofRanking('random-class', 'DiffROAR, ranking of a random class'),
  ofRanking('dilated', 'DiffROAR, dilated masks'),
  {
    id: 'drawn-class',
    title: 'DiffROAR, maps explain a class drawn at random',
    measure: ({ drawn }, level) => difference(drawn, level, {}, accuracy),
  },
  {
    id: 'pixels-drawn-class',
    title: 'What the pixels add to the mask, maps explain a class drawn at random',
    measure: ({ drawn }, level) => added(drawn, level, accuracy),
  },
];
