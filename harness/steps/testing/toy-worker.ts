/** A pool's program that runs toy steps. */
import { serveSteps } from '../serve-steps.ts';
import { runToyStep } from './toy-steps.ts';

serveSteps(runToyStep);
