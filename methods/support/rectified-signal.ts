/**
 * What is known to go wrong wherever ReLUs change the signal on its way back, as in deconvolution and guided backprop.
 */
import { FOUND_HERE, SIXT_2020, SUNDARARAJAN_2017 } from './literature.ts';

/** Where nothing passes, in the words of the method. */
export const signalIsLost = (text: string) =>
  ({ text, cite: `${SUNDARARAJAN_2017}, section 2.1 and appendix B`, axiom: 'sensitivity' }) as const;

export const LOOKS_AT_UNITS = [
  {
    text: 'It looks at the units, not at the function: two units that cancel both count.',
    cite: FOUND_HERE,
    axiom: 'dummy',
  },
  { text: 'It looks at the units, not at the function.', cite: FOUND_HERE, axiom: 'implementation-invariance' },
] as const;

export const FORGETS_LATER_LAYERS = {
  text: 'Its maps hardly depend on the parameters of the later layers.',
  cite: SIXT_2020,
};
