/**
 * One suite for every attribution method, ours or a third party's: `conformance(method)` in a test file.
 *
 * It holds what any method must do whatever it computes (shape, determinism, independence of the
 * batch, no leaks, ...), each axiom that the method claims, and a counterexample to each axiom that it
 * lists among its known failures. What is special to a method stays in its own test.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Method, Parameters } from '../contracts.ts';
import { type EngineName, loadEngine } from '../engine/index.ts';
import { checkAxiom } from './conformance/axioms.ts';
import { behaviours, checkOnEach, makeTrials, type Trial } from './conformance/behaviours.ts';
import { subject } from './conformance/subject.ts';

export interface ConformanceOptions {
  /** Values in place of the method's default parameters. */
  readonly parameters?: Parameters;
  /** The engine to compute on; unless given, the one that ATTRIBENCH_ENGINE names, else 'wasm'. */
  readonly engine?: EngineName;
  /** How far a map may move with the batch it travels in, as a share of its largest entry; 1e-5 unless given. */
  readonly tolerance?: number;
}

/** Registers the suite for one method. */
export function conformance(method: Method, options: ConformanceOptions = {}): void {
  const { parameters = {}, engine = process.env.ATTRIBENCH_ENGINE || 'wasm', tolerance = 1e-5 } = options;
  describe(`method ${method.id} on ${engine}`, () => {
    const tried = subject(method, parameters);
    let trials: readonly Trial[] = [];

    beforeAll(async () => {
      await loadEngine(engine);
      trials = makeTrials();
    });
    afterAll(() => {
      for (const { built } of trials) built.dispose();
    });

    for (const behaviour of behaviours(tried, tolerance)) {
      test(behaviour.name, () => checkOnEach(behaviour, tried, trials));
    }
    for (const axiom of method.axioms) {
      test(`satisfies ${axiom}, as claimed`, () => checkAxiom(tried, axiom));
    }
    for (const { axiom } of method.about?.failures ?? []) {
      if (axiom === undefined) continue;
      test(`fails ${axiom}, as it says`, async () => {
        const message = expect.stringContaining(`"${method.id}" violates ${axiom}`);
        await expect(checkAxiom(tried, axiom)).rejects.toMatchObject({ cause: { message } });
      });
    }
  });
}
