/** The parts of the performance report, in its order. */
import type { Part } from '../part.ts';
import { grid } from './grid.ts';
import { jobs } from './jobs/part.ts';
import { matmul } from './matmul/part.ts';
import { memory } from './memory.ts';
import { methods } from './methods.ts';
import { profile } from './profile/part.ts';
import { scaling } from './scaling/part.ts';
import { stacking } from './stacking.ts';
import { training } from './training.ts';

// Each reads its own rows alone: what a row is stays the part's own affair.
export const PARTS: readonly Part<unknown>[] = [
  matmul,
  training,
  grid,
  jobs,
  methods,
  scaling,
  stacking,
  profile,
  memory,
].map((part) => part as unknown as Part<unknown>);
