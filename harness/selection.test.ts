import { expect, test } from 'vitest';
import { selectionFromEnvironment, selectionToEnvironment, splitIds } from './selection.ts';

test('ids are split at commas', () => {
  expect(splitIds(' a, b-c ,,d')).toEqual(['a', 'b-c', 'd']);
  expect(splitIds(' , ')).toEqual([]);
});

test('what goes into the environment comes out again', () => {
  const selection = {
    profile: 'quick',
    engine: 'wasm',
    methods: ['a', 'package/b'],
    models: ['m'],
    trainings: ['t'],
    datasets: ['d'],
    checks: ['c'],
  };
  expect(selectionFromEnvironment(selectionToEnvironment(selection))).toEqual(selection);
  expect(selectionToEnvironment({ methods: ['a', 'b'] })).toEqual({ ATTRIBENCH_METHODS: 'a,b' });
});

test('empty variables select nothing', () => {
  expect(selectionFromEnvironment({ ATTRIBENCH_METHODS: '', ATTRIBENCH_PROFILE: '', HOME: '/' })).toEqual({});
});
