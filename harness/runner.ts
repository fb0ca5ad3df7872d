/**
 * One runner, two doors: `attribench run` and the bench files plan and run through here.
 */
export { runSeconds, secondsOf } from './run/estimate.ts';
export { executeRun, type RunEvents, type RunOptions } from './run/execute.ts';
export { missingSteps, type PlannedCell, planRun, type RunPlan, type RunRequest, reachable } from './run/plan.ts';
export { matmulRate } from './run/rate.ts';
export { stackingLine, stackRetrainings } from './run/stacking.ts';
export { standingRecords, withoutCells } from './run/standing.ts';
export { type Work, workOf } from './run/work.ts';
export { networksOf } from './steps/stacks.ts';
