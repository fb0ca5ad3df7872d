/** The program of a pool process: runs the steps of this project. */
import { runStep } from './run-step.ts';
import { serveSteps } from './serve-steps.ts';

serveSteps(runStep);
