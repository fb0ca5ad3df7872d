/**
 * Axioms that methods fail where the literature says so: the suite's own search must find a counterexample, so that
 * neither the method nor the property is weaker than it seems.
 *
 * LRP-epsilon is not accused of breaking implementation invariance: on ReLU networks it equals input x gradient (Ancona,
 * Ceolini, Öztireli, Gross, "Towards better understanding of gradient-based attribution methods for deep neural networks",
 * ICLR 2018).
 */
import type { Axiom, Method } from 'attribench';
import { beforeAll, expect, test } from 'vitest';
import { loadEngine } from '../harness/engine/index.ts';
import { checkAxiom } from '../harness/vitest/conformance/axioms.ts';
import { subject } from '../harness/vitest/conformance/subject.ts';

const AXIOMATIC = 'Sundararajan, Taly, Yan, ICML 2017';
const UNRELIABLE = 'Kindermans et al., "The (Un)reliability of Saliency Methods", 2019';
const ANCONA = 'Ancona et al., ICLR 2018';
const DEEP_LIFT = 'Shrikumar, Greenside, Kundaje, ICML 2017, figure 1';

const FAILURES: readonly (readonly [method: string, axiom: Axiom, source: string])[] = [
  ['input-gradient', 'sensitivity', `${AXIOMATIC}, section 2.1`],
  ['signed-input-gradient', 'sensitivity', `${AXIOMATIC}, section 2.1: its size is the gradient's`],
  ['guided-backprop', 'sensitivity', `${AXIOMATIC}, section 2.1 and appendix B`],
  ['deconvolution', 'sensitivity', `${AXIOMATIC}, section 2.1 and appendix B`],
  ['deep-lift', 'implementation-invariance', `${AXIOMATIC}, section 2.2 and appendix B`],
  ['input-x-gradient', 'sensitivity', DEEP_LIFT],
  ['input-x-gradient', 'completeness', `${ANCONA}: only without biases`],
  ['occlusion', 'completeness', `${ANCONA}: one window at a time misses what windows do together`],
  ['input-x-gradient', 'input-shift-invariance', UNRELIABLE],
  ['integrated-gradients', 'input-shift-invariance', `${UNRELIABLE}: a zero baseline does not shift`],
  ['expected-gradients', 'completeness', 'Erion et al. 2021: in expectation only'],
  ['smooth-grad', 'symmetry', 'by definition: equal coordinates get unequal noise'],
  ['smooth-grad-squared', 'linearity', 'by definition: a square'],
  ['var-grad', 'linearity', 'by definition: a square'],
];

beforeAll(async () => {
  await loadEngine('wasm');
});

test.each(FAILURES)('%s fails %s (%s)', async (id, axiom) => {
  const { default: method }: { default: Method } = await import(new URL(`${id}.ts`, import.meta.url).href);
  expect(method.axioms).not.toContain(axiom);
  const message = expect.stringContaining(`"${id}" violates ${axiom}`);
  await expect(checkAxiom(subject(method), axiom)).rejects.toMatchObject({ cause: { message } });
});
