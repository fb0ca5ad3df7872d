import { describe, expect, expectTypeOf, it } from 'vitest';
import type { GradientNetwork, LogitsNetwork, MethodAbout } from './contracts.ts';
import { defineCheck, defineMethod, defineProfile, resolveParameters } from './define.ts';

const described = { title: 'Mine', cite: 'Me, 2026', revision: 1 };
const zeros = { needs: ['logits'], rank: 'magnitude', attribute: () => expect.fail('not called') } as const;
const about = { family: 'control', formula: 'a = 0', map: 'zero', failures: [] } as const;
const failing = (axiom: string) => ({ text: 'Bad.', cite: 'Me', axiom });

describe('defineMethod', () => {
  it('fills in what was left out, and freezes', () => {
    const method = defineMethod({ id: 'mine', ...described, ...zeros, parameters: { samples: 3 } });
    expect(method).toMatchObject({
      kind: 'method',
      role: 'method',
      requires: {},
      axioms: [],
      parameters: { samples: 3 },
    });
    expect(Object.isFrozen(method)).toBe(true);
    expect(Object.isFrozen(method.parameters)).toBe(true);
  });

  it('takes an account of the method, of every parameter, and puts its texts on one line', () => {
    const parameters = { samples: 3 };
    const method = defineMethod({
      id: 'mine',
      ...described,
      ...zeros,
      parameters,
      about: {
        ...about,
        formula: `
          a = b
          b = 0
        `,
        text: `Over
          two lines.`,
        parameters: { samples: 'how\n many' },
        failures: [{ text: 'Bad\n luck.', cite: 'Me', axiom: 'symmetry' }],
      },
    });
    expect(method.about).toEqual({
      family: 'control',
      formula: 'a = b\nb = 0',
      map: 'zero',
      text: 'Over two lines.',
      parameters: { samples: 'how many' },
      failures: [{ text: 'Bad luck.', cite: 'Me', axiom: 'symmetry' }],
    });
    // @ts-expect-error no such parameter
    const misnamed: MethodAbout<typeof parameters> = { ...about, parameters: { size: 'big' } };
    expect(() => defineMethod({ id: 'mine', ...described, ...zeros, parameters, about: misnamed })).toThrow(
      'does not say what "samples" means',
    );
  });

  it('grants a network by its needs, and nothing that was not asked for', () => {
    defineMethod({
      id: 'mine',
      ...described,
      needs: ['gradient'],
      rank: 'value',
      attribute: ({ network, reference }) => {
        expectTypeOf(network).toEqualTypeOf<GradientNetwork>();
        expectTypeOf(reference).toEqualTypeOf<undefined>();
        return network.inputGradient as never;
      },
    });
    defineMethod({
      id: 'mine',
      ...described,
      ...zeros,
      attribute: ({ network }) => {
        expectTypeOf(network).toEqualTypeOf<LogitsNetwork>();
        // @ts-expect-error a black box has no gradient
        return network.inputGradient;
      },
    });
  });

  it.each([
    [{ id: 'Mine' }, '[attribench] method "Mine": id must be kebab-case'],
    [{ title: '' }, 'title is "", expected a few words'],
    [{ cite: '' }, 'cite is "", expected the source'],
    [{ revision: 0 }, 'revision is 0, expected an integer from 1'],
    [{ revision: 1.5 }, 'revision is 1.5'],
    [{ needs: [] }, 'needs is [], expected a list of'],
    [{ needs: ['grad'] }, 'need "grad" is unknown, expected one of logits'],
    [{ rank: 'size' }, 'rank is "size", expected "magnitude" or "value"'],
    [{ role: 'judge' }, 'role is "judge", expected one of method, control, oracle'],
    [{ axioms: ['beauty'] }, 'axiom is "beauty", expected one of completeness'],
    [{ attribute: 1 }, 'attribute is number, expected a function'],
    [{ parameters: { a: Number.NaN } }, 'parameters must be JSON values'],
    [{ about: { ...about, family: 'cam' } }, 'about.family is "cam", expected one of gradient, propagation'],
    [{ about: { ...about, formula: ' ' } }, 'about formula is " ", expected some words'],
    [{ about, parameters: { samples: 3 } }, 'about.parameters does not say what "samples" means'],
    [{ about: { ...about, parameters: { size: 'big' } } }, 'about.parameters explains "size", which is no parameter'],
    [{ about: { ...about, failures: undefined } }, 'about.failures is undefined, expected a list'],
    [{ about: { ...about, failures: [{ text: 'Bad.' }] } }, 'failure {"text":"Bad."} lacks its text or its source'],
    [{ about: { ...about, failures: [failing('beauty')] } }, 'about.failures axiom is "beauty", expected one of'],
    [
      { axioms: ['dummy'], about: { ...about, failures: [failing('dummy')] } },
      'axiom "dummy" is claimed under axioms and listed under about.failures',
    ],
  ])('refuses %o in one sentence', (wrong, message) => {
    const plugin = { id: 'mine', ...described, ...zeros, ...wrong };
    expect(() => defineMethod(plugin as never)).toThrow(message);
  });
});

describe('resolveParameters', () => {
  const method = defineMethod({
    id: 'mine',
    ...described,
    ...zeros,
    parameters: { samples: 3, layer: null, digits: [0, 1] },
  });

  it('lays overrides over defaults', () => {
    expect(resolveParameters(method, { samples: 5, layer: 'last' })).toEqual({
      samples: 5,
      layer: 'last',
      digits: [0, 1],
    });
    expect(resolveParameters(method)).toEqual(method.parameters);
  });

  it.each([
    [{ sample: 5 }, 'parameter "sample" is unknown, expected one of: samples, layer, digits'],
    [{ samples: '5' }, 'parameter "samples" is "5", expected something like 3'],
    [{ digits: 3 }, 'parameter "digits" is 3, expected something like [0,1]'],
    [{ samples: [5] }, 'parameter "samples" is [5]'],
  ])('refuses %o', (overrides, message) => {
    expect(() => resolveParameters(method, overrides)).toThrow(message);
  });
});

describe('defineProfile', () => {
  const suite = { dataset: { id: 'd' }, models: [{ id: 'm' }], trainings: [{ id: 't' }], checks: [{ id: 'c' }] };
  const profile = { id: 'p', ...described, seed: 1, trainings: 3, suites: [suite] };

  it('takes a list of suites', () => expect(defineProfile(profile)).toEqual({ ...profile, kind: 'profile' }));

  it.each([
    [{ trainings: 0 }, '[attribench] profile "p": trainings is 0, expected an integer from 1'],
    [{ seed: 0.5 }, 'seed is 0.5, expected an integer'],
    [{ suites: [{ ...suite, repeats: 0.5 }] }, 'suites[0].repeats is 0.5, expected an integer from 1'],
    [{ suites: 5 }, 'suites is 5, expected a list'],
    [{ suites: [{ ...suite, dataset: undefined }] }, 'suites[0].dataset is [null], expected a list such as'],
    [{ suites: [suite, { ...suite, models: [] }] }, 'suites[1].models is [], expected a list such as'],
    [{ suites: [{ ...suite, trainings: 'standard' }] }, 'suites[0].trainings is "standard"'],
    [{ suites: [{ ...suite, checks: ['leak'] }] }, 'suites[0].checks is ["leak"]'],
  ])('refuses %o', (wrong, message) => {
    expect(() => defineProfile({ ...profile, ...wrong } as never)).toThrow(message);
  });
});

describe('defineCheck', () => {
  const check = {
    id: 'c',
    ...described,
    subject: 'method',
    criterion: 'Always.',
    primary: 'x',
    evaluations: {},
    steps: () => [],
    judge: () => expect.fail('not called'),
  } as const;
  const curves = (ids: readonly string[]) => ({
    level: 'unmasked, %',
    panels: [{ title: 'Accuracy', lines: ids.map((measures) => ({ name: measures, measures })) }],
  });

  it('takes a check', () => expect(defineCheck(check)).toMatchObject({ ...check, kind: 'check', parameters: {} }));

  it('takes curves', () => expect(defineCheck({ ...check, curves: curves(['top-*', '*-bottom']) })).toBeDefined());

  it.each([
    [{ criterion: '' }, '[attribench] check "c": criterion is "", expected a sentence'],
    [{ subject: 'map' }, 'subject is "map", expected one of method, model'],
    [{ evaluations: { leak: 3 } }, 'evaluations.leak is number, expected a function'],
    [{ judge: undefined }, 'judge is undefined, expected a function'],
    [{ curves: curves([]) }, 'curves.panels[0] has 0 lines, expected one to three'],
    [{ curves: curves(['top']) }, 'curves.panels[0]: measures is "top", expected one * for the level'],
    [{ curves: curves(['*-*']) }, 'curves.panels[0]: measures is "*-*", expected one * for the level'],
  ])('refuses %o', (wrong, message) => {
    expect(() => defineCheck({ ...check, ...wrong } as never)).toThrow(message);
  });
});
