/**
 * What a method declares decides what it is given, before anything runs: `tsc` checks this file.
 */
import { classLogit, defineMethod, type GradientNetwork, type LogitsNetwork, type Network, tf } from 'attribench';
import { expect, expectTypeOf, test } from 'vitest';

const described = { id: 'typed', title: 'Typed', cite: 'none', revision: 1, rank: 'value' } as const;

test('a black-box method sees logits alone', () => {
  const method = defineMethod({
    ...described,
    needs: ['logits'],
    attribute({ network, images, classes }) {
      expectTypeOf(network).toEqualTypeOf<LogitsNetwork>();
      // @ts-expect-error the need 'gradient' is not declared
      if (images.size === 0) return network.inputGradient(images, classLogit(classes));
      return tf.zerosLike(images);
    },
  });
  expect(method.needs).toEqual(['logits']);
});

test('a gradient method sees no layers, no rules and no weights', () => {
  defineMethod({
    ...described,
    needs: ['gradient'],
    attribute({ network, images, classes }) {
      expectTypeOf(network).toEqualTypeOf<GradientNetwork>();
      // @ts-expect-error the need 'layers' is not declared
      void network.graph;
      // @ts-expect-error the need 'propagation' is not declared
      void network.propagate;
      // @ts-expect-error the need 'weights' is not declared
      void network.weights;
      return network.inputGradient(images, classLogit(classes));
    },
  });
});

test('several needs add up', () => {
  type Both = Network<'layers' | 'weights'>;
  expectTypeOf<Both>().toHaveProperty('activations');
  expectTypeOf<Both>().toHaveProperty('inputGradient');
  expectTypeOf<Both>().toHaveProperty('weights');
  expectTypeOf<Both>().not.toHaveProperty('propagate');
});

test('reference images, truth and other networks are given to those that require them', () => {
  const attribute = () => tf.zeros<tf.Rank.R4>([1, 1, 1, 1]);
  defineMethod({
    ...described,
    needs: ['logits'],
    attribute(request) {
      expectTypeOf(request.reference).toEqualTypeOf<undefined>();
      expectTypeOf(request.truth).toEqualTypeOf<undefined>();
      expectTypeOf(request.auxiliary).toEqualTypeOf<undefined>();
      return attribute();
    },
  });
  defineMethod({
    ...described,
    needs: ['logits'],
    requires: { reference: 8, truth: true, auxiliary: { linear: { model: 'linear', training: 'standard' } } },
    attribute(request) {
      expectTypeOf(request.reference).toEqualTypeOf<tf.Tensor4D>();
      expectTypeOf(request.truth).toEqualTypeOf<tf.Tensor4D>();
      expectTypeOf(request.auxiliary.linear).toEqualTypeOf<Network<'weights' | 'gradient'>>();
      // @ts-expect-error no network of this name is required
      void request.auxiliary.other;
      return attribute();
    },
  });
});

test('parameters have the types of their defaults', () => {
  defineMethod({
    ...described,
    needs: ['logits'],
    parameters: { samples: 25, rule: 'midpoint' },
    attribute({ parameters, images }) {
      expectTypeOf(parameters).toEqualTypeOf<{ samples: number; rule: string }>();
      // @ts-expect-error no such parameter
      void parameters.sigma;
      return tf.zerosLike(images);
    },
  });
});

test('unknown needs, axioms and ranks do not compile', () => {
  const attribute = () => tf.zeros<tf.Rank.R4>([1, 1, 1, 1]);
  // @ts-expect-error no such need
  expect(() => defineMethod({ ...described, needs: ['gradients'], attribute })).toThrow('need "gradients" is unknown');
  // @ts-expect-error no such axiom
  expect(() => defineMethod({ ...described, needs: ['logits'], axioms: ['completness'], attribute })).toThrow(
    'axiom is "completness"',
  );
  // @ts-expect-error no such rank
  expect(() => defineMethod({ ...described, needs: ['logits'], rank: 'size', attribute })).toThrow('rank is "size"');
});
