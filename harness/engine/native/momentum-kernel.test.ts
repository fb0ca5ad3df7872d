/** What the operation refuses; its numbers are tested in momentum.test.ts beside the composed ones. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as tf from '../../tfjs.js';
import { loadEngine } from '../index.ts';
import { enginesTested } from '../testing/engines.ts';
import type { NativeOperations } from './operations.ts';

const present = (await enginesTested()).some(({ name, present: here }) => name === 'tensorflow' && here);

describe.runIf(present)('AttribenchMomentum refuses', () => {
  let native: NativeOperations;
  const held: tf.Tensor[] = [];

  beforeEach(async () => {
    await loadEngine('tensorflow');
    native = tf.backend() as unknown as NativeOperations;
  });
  afterEach(() => tf.dispose(held.splice(0)));

  /** A resource of so many numbers, or, of -1, one that holds nothing. */
  function resource(size: number, type: 'float32' | 'int32' = 'float32'): tf.Tensor {
    const { TF_ATTR_TYPE, TF_ATTR_SHAPE, TF_ATTR_STRING, TF_FLOAT } = native.binding;
    const dtype = [{ name: 'dtype', type: TF_ATTR_TYPE, value: type === 'float32' ? TF_FLOAT : 3 }];
    const attributes = [
      ...dtype,
      { name: 'shape', type: TF_ATTR_SHAPE, value: [Math.max(size, 1)] },
      { name: 'shared_name', type: TF_ATTR_STRING, value: `refused-${resources++}` },
      { name: 'container', type: TF_ATTR_STRING, value: '' },
    ];
    const handle = native.executeSingleOutput('VarHandleOp', attributes, []);
    if (size >= 0) {
      const value = tf.zeros([size], type);
      native.executeMultipleOutputs('AssignVariableOp', dtype, [handle, value], 0);
      value.dispose();
    }
    held.push(handle);
    return handle;
  }
  let resources = 0;

  function zeros(...shape: number[]): tf.Tensor {
    const tensor = tf.zeros(shape);
    held.push(tensor);
    return tensor;
  }

  const run = (...inputs: tf.Tensor[]) => native.executeMultipleOutputs('AttribenchMomentum', [], inputs, 0);

  test('nothing that fits', () => {
    expect(() => run(resource(3), resource(3), zeros(3), zeros(), zeros())).not.toThrow();
  });

  test.each([
    ['a weight of another size', () => [resource(4), resource(3), zeros(3), zeros(), zeros()], /of one size/],
    ['a memory of another size', () => [resource(3), resource(2), zeros(3), zeros(), zeros()], /of one size/],
    ['a gradient of another size', () => [resource(3), resource(3), zeros(4), zeros(), zeros()], /of one size/],
    ['several decays', () => [resource(3), resource(3), zeros(3), zeros(3), zeros()], /one number as decay/],
    ['no momentum', () => [resource(3), resource(3), zeros(3), zeros(), zeros(0)], /one number as decay/],
    ['whole numbers', () => [resource(3, 'int32'), resource(3), zeros(3), zeros(), zeros()], /expected float32/],
    ['a weight without a value', () => [resource(-1), resource(3), zeros(3), zeros(), zeros()], /does not exist/],
  ] as const)('%s', (_, inputs, why) => {
    expect(() => run(...inputs())).toThrow(why);
  });
});
