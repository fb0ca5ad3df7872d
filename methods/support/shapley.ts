/**
 * What is said of every method that estimates the Shapley values of segments: its parameters and known failures.
 */
import { BY_DEFINITION, KUMAR_2020 } from './literature.ts';
import { SEGMENTS_ABOUT } from './segments.ts';

/** The meaning of the parameters; `samples` says what is drawn. */
export const shapleyParameters = (samples: string) => ({
  ...SEGMENTS_ABOUT,
  samples,
  baseline: 'value of every coordinate of an absent segment',
});

export const SEGMENTS_SHARE = {
  text: "A pixel shares its segment's value, also where it does nothing itself.",
  cite: BY_DEFINITION,
  axiom: 'dummy',
} as const;

export const ZERO_BASELINE = {
  text: 'A zero baseline does not shift with the input.',
  cite: BY_DEFINITION,
  axiom: 'input-shift-invariance',
} as const;

export const FAIR_SHARES = {
  text: 'Fair shares of a game need not say what mattered: what is absent, and how, decides them.',
  cite: KUMAR_2020,
};
