import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { stream } from '../../../random.ts';
import * as tf from '../../../tfjs.js';
import { loadEngine, ownPrograms } from '../../index.ts';
import { type Computation, notRepeatable, operationwise, type Programs } from '../../program.ts';
import { enginesTested } from '../../testing/engines.ts';
import { type Binding, type NativeOperations, writableCopy } from '../operations.ts';
import { refusedPrograms } from './index.ts';

const present = (await enginesTested()).some(({ name, present }) => name === 'tensorflow' && present);

let native: NativeOperations;
let addon: Binding;
let programs: Programs;
/** What the library executed one by one, and the tensors that it holds of it all, by their ids. */
let executed: string[];
let alive: Set<number>;
let tensorsBefore: number;
let refusedBefore: number;

beforeEach(async () => {
  if (!present) return;
  await loadEngine('tensorflow');
  programs = ownPrograms() as Programs;
  native = tf.backend() as unknown as NativeOperations;
  addon = native.binding;
  tensorsBefore = tf.memory().numTensors;
  refusedBefore = refusedPrograms().length;
  [executed, alive] = [[], new Set()];
  const born = <T extends readonly { readonly id: number }[]>(made: T) => {
    for (const { id } of made) alive.add(id);
    return made;
  };
  native.binding = {
    ...writableCopy(addon),
    executeOp: (operation, ...given) => {
      executed.push(operation);
      return born(addon.executeOp(operation, ...given));
    },
    runSavedModel: (...given) => born(addon.runSavedModel(...given)),
    createTensor: (...given) => {
      const id = addon.createTensor(...given);
      alive.add(id);
      return id;
    },
    deleteTensor: (id) => {
      if (!alive.delete(id)) throw new Error(`tensor ${id} is none of the library's`);
      addon.deleteTensor(id);
    },
  };
});

afterEach(() => {
  if (!present) return;
  native.binding = addon;
  expect(tf.memory().numTensors).toBe(tensorsBefore);
  expect([...alive]).toEqual([]);
});

/** Of a size of its own for each test, so that no other test's graph is one for it. */
const input = (size: number, call: number) => tf.tensor1d(stream('rehearsal', size, call).normals(size));

/** x to the fourth, halved: its operations are Square, Square, Mul. */
const script: Computation = ([x]) => {
  const square = tf.square(x as tf.Tensor);
  return [tf.mul(tf.square(square), 0.5)];
};

/** Makes a process's last graph one of the script for this size. */
function prove(size: number, computation = script): void {
  const program = programs.program(computation);
  for (let call = 0; call < 3; call++) tf.tidy(() => void program.run([input(size, call)]));
  program.dispose();
  executed = [];
}

/** A computation's numbers in a few calls of one program, with what was executed in each; they must be the operations' own. */
function executedIn(size: number, calls: number, computation: Computation, twin: Computation): string[] {
  const program = programs.program(computation);
  const perCall = Array.from({ length: calls }, (_, call) =>
    tf.tidy(() => {
      const x = input(size, 10 + call);
      const expected = operationwise
        .program(twin)
        .run([x])
        .map((result) => [...result.dataSync()]);
      executed = [];
      const results = program.run([x]);
      const operations = executed.join();
      expect(results.map((result) => [...result.dataSync()])).toEqual(expected);
      return operations;
    }),
  );
  program.dispose();
  return perCall;
}

const refusals = () => refusedPrograms().slice(refusedBefore);

describe.runIf(present)('a function that follows what a graph is proven to do', () => {
  test('executes no operation of its own, from its first call on', () => {
    prove(3);
    const other: Computation = (inputs) => script(inputs);
    expect(executedIn(3, 4, other, script)).toEqual(['', '', '', '']);
    expect(refusals()).toEqual([]);
  });

  test.each<[string, number, string, Computation]>([
    ['by another operation', 5, 'Square,Square,Add', ([x]) => [tf.add(tf.square(tf.square(x as tf.Tensor)), 0.5)]],
    ['by another constant', 6, 'Square,Square,Mul', ([x]) => [tf.mul(tf.square(tf.square(x as tf.Tensor)), 0.25)]],
    [
      'by another input',
      7,
      'Square,Square,Mul',
      ([x]) => {
        const square = tf.square(x as tf.Tensor);
        return [tf.mul(tf.square(square), square)];
      },
    ],
    ['by its end', 8, 'Square,Square', ([x]) => [tf.square(tf.square(x as tf.Tensor))]],
    ['by a further operation', 9, 'Square,Square,Mul,Neg', (inputs) => [tf.neg(script(inputs)[0] as tf.Tensor)]],
    [
      'by what it gives',
      10,
      'Square,Square,Mul',
      ([x]) => {
        const square = tf.square(x as tf.Tensor);
        tf.mul(tf.square(square), 0.5);
        return [square];
      },
    ],
    [
      'by an attribute',
      11,
      'Square,Square,LeakyRelu',
      ([x]) => [tf.leakyRelu(tf.square(tf.square(x as tf.Tensor)), 0.125)],
    ],
  ])('and leaves it %s executes each operation once, at first in two calls', (_, size, operations, other) => {
    const attributed: Computation = ([x]) => [tf.leakyRelu(tf.square(tf.square(x as tf.Tensor)), 0.5)];
    prove(size, size === 11 ? attributed : script);
    expect(executedIn(size, 4, other, other)).toEqual([operations, operations, '', '']);
    expect(refusals()).toEqual([]);
  });

  test('and reads a tensor reads its numbers', () => {
    prove(12);
    const reading: Computation = ([x]) => {
      const square = tf.square(x as tf.Tensor);
      expect([...square.dataSync()]).toEqual([...tf.square(x as tf.Tensor).dataSync()]);
      return [tf.mul(tf.square(square), 0.5)];
    };
    executedIn(12, 2, reading, script);
    expect(refusals()).toEqual(['it reads a tensor']);
  });

  test('and keeps a tensor for itself finds its numbers there', () => {
    prove(13);
    const kept: tf.Tensor[] = [];
    const keeping: Computation = ([x]) => {
      const square = tf.square(x as tf.Tensor);
      kept.push(tf.keep(tf.clone(square)));
      return [tf.mul(tf.square(square), 0.5)];
    };
    expect(executedIn(13, 3, keeping, script)).toEqual(['Square,Square,Mul', 'Square,Square,Mul', '']);
    expect(kept.map((tensor) => [...tensor.dataSync()])).toEqual(
      [10, 11].map((call) => tf.tidy(() => [...tf.square(input(13, call)).dataSync()])),
    );
    tf.dispose(kept);
  });

  test('and keeps its result finds its numbers there', () => {
    prove(14);
    const kept: tf.Tensor[] = [];
    const keeping: Computation = (inputs) => {
      const results = script(inputs);
      kept.push(tf.keep(tf.clone(results[0] as tf.Tensor)));
      return results;
    };
    executedIn(14, 2, keeping, script);
    const expected = [10, 11].map((call) => tf.tidy(() => [...(script([input(14, call)])[0] as tf.Tensor).dataSync()]));
    expect(kept.map((tensor) => [...tensor.dataSync()])).toEqual(expected);
    tf.dispose(kept);
  });

  test('and throws on its way leaves what it kept, and no more', () => {
    prove(15);
    const kept: tf.Tensor[] = [];
    const program = programs.program(([x]) => {
      const square = tf.square(x as tf.Tensor);
      if (kept.length === 0) kept.push(tf.keep(tf.clone(square)));
      tf.square(square);
      throw new RangeError('on its way');
    });
    tf.tidy(() => {
      const x = input(15, 0);
      for (let call = 0; call < 2; call++) expect(() => program.run([x])).toThrow('on its way');
      expect([...(kept[0] as tf.Tensor).dataSync()]).toEqual([...tf.square(x).dataSync()]);
    });
    tf.dispose(kept);
    program.dispose();
    prove(16);
    expect(executedIn(16, 1, script, script)).toEqual(['']);
  });

  test('and says that it does not repeat itself is computed', () => {
    prove(17);
    const unlike: Computation = (inputs) => {
      notRepeatable('it looks at the clock');
      return script(inputs);
    };
    expect(executedIn(17, 2, unlike, script)).toEqual(['Square,Square,Mul', 'Square,Square,Mul']);
    expect(refusals()).toEqual(['it looks at the clock']);
  });

  test('and changes in its second call takes no graph', () => {
    prove(18);
    let call = 0;
    const changing: Computation = ([x]) => [tf.mul(tf.square(tf.square(x as tf.Tensor)), call++ === 0 ? 0.5 : 2)];
    const twice: Computation = ([x]) => [tf.mul(tf.square(tf.square(x as tf.Tensor)), call === 0 ? 0.5 : 2)];
    expect(executedIn(18, 3, changing, twice)).toEqual(['', 'Square,Square,Mul', 'Square,Square,Mul']);
    expect(refusals()).toEqual(['it does not do the same in every call']);
  });

  test('an error of the library ends what was made before it', () => {
    const chosen = ([x]: readonly tf.Tensor[]) =>
      tf.tidy(() => tf.gather(tf.square(x as tf.Tensor), tf.cast(tf.abs(x as tf.Tensor), 'int32')));
    prove(19, (inputs) => [tf.mul(chosen(inputs), 0.5)]);
    const other: Computation = (inputs) => [tf.add(chosen(inputs), 0.5)];
    const program = programs.program(other);
    tf.tidy(() => {
      const far = tf.fill([19], 99);
      expect(() => program.run([far])).toThrow(/indices/);
    });
    program.dispose();
    const operations = 'Square,Abs,Cast,GatherV2,Add';
    expect(executedIn(19, 3, other, other)).toEqual([operations, operations, '']);
  });

  test('that stops before the end of its operations is another, though its results are the same', () => {
    prove(20, ([x]) => {
      const result = tf.square(x as tf.Tensor);
      tf.neg(result);
      return [result];
    });
    const shorter: Computation = ([x]) => [tf.square(x as tf.Tensor)];
    expect(executedIn(20, 3, shorter, shorter)).toEqual(['Square', 'Square', '']);
  });

  test('in a single call holds no graph', () => {
    const sessions = addon.getNumOfSavedModels();
    for (let i = 0; i < 40; i++) {
      const one: Computation = ([x]) => [tf.mul(x as tf.Tensor, 1 + i)];
      prove(21, one);
      expect(executedIn(21, 1, one, one)).toEqual(['']);
    }
    expect(addon.getNumOfSavedModels() - sessions).toBeLessThanOrEqual(16);
  });
});
