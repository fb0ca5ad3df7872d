/**
 * One runner, two doors: `attribench run` and the bench files plan and run through here.
 */
export { executeRun, type RunEvents, type RunOptions } from './run/execute.ts';
export { missingSteps, type PlannedCell, planRun, type RunPlan, type RunRequest, reachable } from './run/plan.ts';
