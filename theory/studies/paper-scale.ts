/**
 * Figures 5 and 31 at the paper's width: standard and robust networks of 10,000 neurons.
 */
import type { Study } from '../../harness/study.ts';
import { PAPER_SCALE } from '../finite-width/measures.ts';
import { compare, reduced } from './finite-width.ts';

/** Trainings a condition: nine gradients a step at this width make each take minutes. */
const TRAININGS = 3;

const study: Study = {
  id: 'paper-scale',
  title: "Finite width at the paper's scale",
  cite: 'Shah, Jain, Netrapalli, NeurIPS 2021, section 6 and appendix F, Figures 5 and 31',
  revision: 1,
  order: 4,
  run: (request) =>
    compare(request.quick ? reduced(PAPER_SCALE) : PAPER_SCALE, TRAININGS, request, [
      'figure-5-paper-scale',
      'figure-31-paper-scale',
    ]),
};

export default study;
