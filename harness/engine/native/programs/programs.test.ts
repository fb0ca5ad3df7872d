import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { crossEntropy } from '../../../network/objectives.ts';
import { stream } from '../../../random.ts';
import * as tf from '../../../tfjs.js';
import { loadEngine, ownPrograms } from '../../index.ts';
import { type Computation, type Differentiated, operationwise, type Programs, type Turning } from '../../program.ts';
import { enginesTested } from '../../testing/engines.ts';
import { type Binding, type NativeOperations, writableCopy } from '../operations.ts';
import { refusedPrograms } from './index.ts';

const present = (await enginesTested()).some(({ name, present }) => name === 'tensorflow' && present);

const numbers = (size: number, ...names: (string | number)[]) => stream('programs', ...names).normals(size);
const matrix = (rows: number, columns: number, ...names: (string | number)[]) =>
  tf.tensor2d(numbers(rows * columns, rows, columns, ...names), [rows, columns]);
const images = (...names: (string | number)[]) => tf.tensor4d(numbers(2 * 6 * 6 * 3, ...names), [2, 6, 6, 3]);

let programs: Programs;
let native: NativeOperations;
let addon: Binding;
/** Calls of the addon from here on. */
let graphRuns: number;
let graphLoads: number;
let refusedBefore: number;

beforeEach(async () => {
  if (!present) return;
  await loadEngine('tensorflow');
  programs = ownPrograms() as Programs;
  native = tf.backend() as unknown as NativeOperations;
  addon = native.binding;
  [graphRuns, graphLoads, refusedBefore] = [0, 0, refusedPrograms().length];
  watch({});
});

afterEach(() => {
  if (present) native.binding = addon;
});

/** Counts what is called of the addon, some of it replaced. */
function watch(replaced: Partial<Binding>): void {
  native.binding = {
    ...writableCopy(addon),
    loadSavedModel: (...given) => {
      graphLoads++;
      return addon.loadSavedModel(...given);
    },
    runSavedModel: (...given) => {
      graphRuns++;
      return addon.runSavedModel(...given);
    },
    ...replaced,
  };
}

const refusals = () => refusedPrograms().slice(refusedBefore);

/** The numbers of a computation's results, by a program of it; all tensors freed. */
function valuesOf(run: () => tf.Tensor[]): number[][] {
  return tf.tidy(() => run().map((result) => [...result.dataSync()]));
}

test.runIf(present)('none where graphs are switched off', () => {
  vi.stubEnv('ATTRIBENCH_GRAPHS', 'off');
  expect(ownPrograms()).toBeUndefined();
  vi.unstubAllEnvs();
  expect(ownPrograms()).toBe(programs);
});

describe.runIf(present)('a program', () => {
  /** Calls a program five times with inputs of its own each; every result must be that of the operations, to the bit. */
  function expectSame(computation: Computation, inputsOf: (call: number) => tf.Tensor[]): void {
    const program = programs.program(computation);
    const plain = operationwise.program(computation);
    for (let call = 0; call < 5; call++) {
      tf.tidy(() => {
        const inputs = inputsOf(call);
        const expected = valuesOf(() => plain.run(inputs));
        expect(valuesOf(() => program.run(inputs))).toEqual(expected);
      });
    }
    program.dispose();
  }

  const COMPUTATIONS: { readonly [name: string]: Computation } = {
    // What a rewriting of graphs would change in the last bits: constants of products joined, a common factor taken out, a
    // sum of three in another order, a division as a product, a logarithm of one and a bit.
    rounding: ([x, y]) => [
      tf.mul(tf.mul(x as tf.Tensor, 1.1), 1.7),
      tf.add(tf.mul(x as tf.Tensor, y as tf.Tensor), tf.mul(x as tf.Tensor, tf.square(y as tf.Tensor))),
      tf.add(x as tf.Tensor, tf.add(y as tf.Tensor, tf.sqrt(tf.abs(x as tf.Tensor)))),
      tf.div(x as tf.Tensor, 3.3),
      tf.log(tf.add(tf.square(x as tf.Tensor), 1)),
    ],
    shapes: ([x, y]) => [
      tf.reshape(tf.transpose(x as tf.Tensor, [3, 1, 2, 0]), [3, -1]),
      tf.concat([x as tf.Tensor, y as tf.Tensor], 3),
      ...tf.split(tf.add(x as tf.Tensor, 1), [1, 2], 3),
      tf.pad(x as tf.Tensor4D, [
        [0, 0],
        [1, 2],
        [0, 1],
        [0, 0],
      ]),
      tf.slice(x as tf.Tensor, [0, 1, 2, 0], [2, 2, 3, 1]),
      tf.stridedSlice(x as tf.Tensor, [0, 0, 0, 0], [2, 6, 6, 3], [1, 2, 3, 1]),
      tf.tile(x as tf.Tensor, [2, 1, 1, 1]),
      tf.reverse(x as tf.Tensor, 1),
      tf.stack([x as tf.Tensor, y as tf.Tensor], 1),
      tf.expandDims(tf.cast(tf.greater(x as tf.Tensor, y as tf.Tensor), 'int32'), 0),
      tf.where(
        tf.logicalAnd(tf.greater(x as tf.Tensor, 0), tf.less(y as tf.Tensor, 0)),
        x as tf.Tensor,
        tf.zerosLike(x as tf.Tensor),
      ),
    ],
    reductions: ([x, y]) => [
      tf.sum(x as tf.Tensor, [1, 2], true),
      tf.max(x as tf.Tensor, 3),
      tf.argMax(x as tf.Tensor, 3),
      tf.cumsum(x as tf.Tensor, 1),
      tf.mean(tf.square(tf.sub(x as tf.Tensor, y as tf.Tensor))),
      tf.topk(tf.reshape(x as tf.Tensor, [2, -1]), 3).values,
    ],
    layers: ([x, y]) => {
      const filter = tf.slice(tf.reshape(y as tf.Tensor, [3, 3, 3, 8]), [0, 0, 0, 0], [3, 3, 3, 4]) as tf.Tensor4D;
      const convolved = tf.conv2d(x as tf.Tensor4D, filter, 2, 'same');
      return [
        tf.leakyRelu(convolved, 0.3),
        tf.maxPool(x as tf.Tensor4D, 3, 2, 'valid'),
        tf.avgPool(x as tf.Tensor4D, 2, 2, 'same'),
        tf.image.resizeBilinear(x as tf.Tensor4D, [9, 5], false, true),
        tf.depthwiseConv2d(x as tf.Tensor4D, tf.reshape(filter, [3, 3, 3, 4]), 1, 'valid'),
        tf.grad((v) => tf.sum(tf.relu(tf.conv2d(v as tf.Tensor4D, filter, 1, 'valid'))))(x as tf.Tensor),
        tf.grad((v) => tf.sum(tf.square(tf.maxPool(v as tf.Tensor4D, 2, 2, 'valid'))))(x as tf.Tensor),
        tf.elu(tf.clipByValue(x as tf.Tensor, -1, 0.5)),
      ];
    },
  };

  test.each(Object.keys(COMPUTATIONS))(
    'gives the bits of its operations, as a graph from the third call on: %s',
    (name) => {
      const tensors = tf.memory().numTensors;
      expectSame(COMPUTATIONS[name] as Computation, (call) => [images(name, call), images(name, call, 'other')]);
      expect(refusals()).toEqual([]);
      // Once to prove it, and three times.
      expect([graphLoads, graphRuns]).toEqual([1, 4]);
      expect(tf.memory().numTensors).toBe(tensors);
    },
  );

  test('a graph serves whatever does the same: no second is loaded', () => {
    const twice = (): Computation => (inputs) => [tf.mul(inputs[0] as tf.Tensor, 2.5)];
    expectSame(twice(), (call) => [matrix(2, 3, call)]);
    expect([graphLoads, graphRuns]).toEqual([1, 4]);
    expectSame(twice(), (call) => [matrix(2, 3, call)]);
    // Followed in two calls, taken, and without another proof.
    expect([graphLoads, graphRuns]).toEqual([1, 9]);
  });

  test('every shape has a graph of its own, those beyond the eighth none', () => {
    const program = programs.program((inputs) => [tf.exp(inputs[0] as tf.Tensor)]);
    for (let columns = 2; columns <= 10; columns++) {
      for (let call = 0; call < 4; call++) {
        tf.tidy(() => {
          const x = matrix(1, columns, call);
          expect(valuesOf(() => program.run([x]))).toEqual([[...tf.exp(x).dataSync()]]);
        });
      }
    }
    program.dispose();
    expect(graphLoads).toBe(8);
  });

  test('graphs end with their programs but for those kept for who may come', () => {
    const before = addon.getNumOfSavedModels();
    for (let i = 0; i < 40; i++)
      expectSame(
        ([x]) => [tf.mul(x as tf.Tensor, i)],
        (call) => [matrix(1, 1, call)],
      );
    expect(addon.getNumOfSavedModels() - before).toBeLessThanOrEqual(16);
  });

  test('inputs that share their numbers are computed, not recorded', () => {
    const program = programs.program(([x, y]) => [tf.sub(x as tf.Tensor, y as tf.Tensor)]);
    tf.tidy(() => {
      const one = matrix(2, 2, 'one');
      for (let call = 0; call < 3; call++)
        expect(valuesOf(() => program.run([one, tf.clone(one)]))).toEqual([[0, 0, 0, 0]]);
      expect([graphLoads, graphRuns]).toEqual([0, 0]);
      for (let call = 0; call < 4; call++) {
        const [a, b] = [matrix(2, 2, call), matrix(2, 2, call, 'b')];
        expect(valuesOf(() => program.run([a, b]))).toEqual([[...tf.sub(a, b).dataSync()]]);
      }
      // A graph that stands takes them too.
      expect(valuesOf(() => program.run([one, tf.clone(one)]))).toEqual([[0, 0, 0, 0]]);
    });
    program.dispose();
    expect([graphLoads, graphRuns]).toEqual([1, 4]);
  });

  test('a program within another is a part of its recording', () => {
    const inner = programs.program((inputs) => [tf.square(inputs[0] as tf.Tensor)]);
    expectSame(
      (inputs) => [tf.add(inner.run(inputs)[0] as tf.Tensor, 1)],
      (call) => [matrix(3, 1, call)],
    );
    inner.dispose();
    expect(refusals()).toEqual([]);
    // In the twin the inner ran by itself.
    expect(graphLoads).toBe(2);
  });

  let calls = 0;
  const drawn = () =>
    tf
      .engine()
      .runKernel(
        'Multinomial',
        { logits: tf.zeros([1, 9]) },
        { numSamples: 1, seed: 3, normalized: false },
      ) as tf.Tensor;
  const REFUSED: { readonly [name: string]: readonly [reason: RegExp, computation: () => Computation] } = {
    'what differs from call to call': [
      /not do the same in every call/,
      () =>
        ([x]) => [tf.mul(x as tf.Tensor, calls++ >> 1)],
    ],
    'what reads a tensor': [
      /reads a tensor/,
      () =>
        ([x]) => [tf.mul(x as tf.Tensor, (x as tf.Tensor).dataSync()[0] as number)],
    ],
    'what uses a tensor that it is not given': [
      /uses a tensor that it is not given/,
      () => {
        const other = tf.keep(tf.tensor1d([1, 2, 3]));
        other.square().dispose();
        return ([x]) => [tf.mul(x as tf.Tensor, other)];
      },
    ],
    'what hands its inputs on': [
      /makes nothing of its inputs/,
      () =>
        ([x]) => [x as tf.Tensor],
    ],
    'what gives a constant': [
      /a result is a constant/,
      () =>
        ([x]) => [tf.square(x as tf.Tensor), tf.tensor1d([1, 2, 3])],
    ],
    'what draws numbers in the library': [
      /Multinomial gives not the same again/,
      () =>
        ([x]) => [tf.mul(x as tf.Tensor, 0), tf.mul(tf.cast(drawn(), 'float32'), 0)],
    ],
    'what draws numbers in JavaScript': [
      /Math.random/,
      () =>
        // So rare that nothing is ever dropped; its seed is drawn all the same.
        ([x]) => [tf.dropout(x as tf.Tensor, 1e-30)],
    ],
    'a softmax': [
      /Softmax has other bits in a graph/,
      () =>
        ([x]) => [tf.softmax(x as tf.Tensor)],
    ],
    'what has a shape by its numbers': [
      /Unique/,
      () =>
        ([x]) => [tf.add(x as tf.Tensor, tf.unique(tf.round(x as tf.Tensor), 1).values.size)],
    ],
    'what makes much in JavaScript': [
      /more than 16777216 bytes/,
      () =>
        ([x]) => [tf.mul(x as tf.Tensor, tf.sum(tf.tensor1d(new Float32Array(2 ** 22 + 1))))],
    ],
  };

  test.each(Object.keys(REFUSED))('%s is computed all the same, as no graph', (name) => {
    const [reason, make] = REFUSED[name] as (typeof REFUSED)[string];
    expectSame(make(), (call) => [matrix(1, 3, 'refused', call)]);
    expect(refusals()).toEqual([expect.stringMatching(reason)]);
    expect(graphLoads).toBe(0);
  });

  test('what gives a tensor twice, or an input, gives tensors with an end of their own', () => {
    const program = programs.program(([x]) => {
      const square = tf.square(x as tf.Tensor);
      return [square, x as tf.Tensor, tf.exp(x as tf.Tensor), square];
    });
    for (let call = 0; call < 4; call++) {
      tf.tidy(() => {
        const x = matrix(2, 3, 'twice', call);
        const [first, input, middle, last] = program.run([x]) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
        const square = [...tf.square(x).dataSync()];
        expect([...input.dataSync()]).toEqual([...x.dataSync()]);
        input.dispose();
        expect(x.isDisposed).toBe(false);
        expect([...first.dataSync()]).toEqual(square);
        first.dispose();
        expect([...last.dataSync()]).toEqual(square);
        expect([...middle.dataSync()]).toEqual([...tf.exp(x).dataSync()]);
      });
    }
    program.dispose();
    expect([refusals(), graphLoads]).toEqual([[], 1]);
  });

  test('a function that changes later takes no graph that another has proven, whatever it did first', () => {
    const times = (factors: readonly number[]): Computation => {
      let call = 0;
      // The twin calls it too.
      return ([x]) => [tf.mul(x as tf.Tensor, factors[Math.floor(call++ / 2)] ?? (factors.at(-1) as number))];
    };
    expectSame(times([1.75]), (call) => [matrix(2, 2, 'proven', call)]);
    expect(refusals()).toEqual([]);
    expectSame(times([1.75, 3]), (call) => [matrix(2, 2, 'first', call)]);
    expectSame(times([7, 1.75, 9]), (call) => [matrix(2, 2, 'second', call)]);
    expect(refusals()).toEqual(Array(2).fill('it does not do the same in every call'));
  });

  test('results that are all one number prove nothing', () => {
    const program = programs.program(([x]) => [tf.relu(x as tf.Tensor)]);
    tf.tidy(() => {
      for (let call = 0; call < 3; call++)
        expect(valuesOf(() => program.run([tf.fill([1, 3], -1 - call)]))).toEqual([[0, 0, 0]]);
      expect(graphLoads).toBe(0);
      program.run([tf.tensor2d([1, -1, 2], [1, 3])]);
      expect(graphLoads).toBe(1);
    });
    program.dispose();
  });

  test('attributes that JSON would confuse are told apart', () => {
    for (const alpha of [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expectSame(
        ([x]) => [tf.leakyRelu(x as tf.Tensor, alpha)],
        (call) => [tf.tensor1d([-1, 1, call])],
      );
    }
    expect([refusals(), graphLoads]).toEqual([[], 2]);
  });

  test('a gradient that is taken outside sees its operations', () => {
    const program = programs.program(([x]) => [tf.square(x as tf.Tensor)]);
    const through = (x: tf.Tensor) => tf.add(tf.sum(program.run([x])[0] as tf.Tensor), tf.sum(x));
    for (let call = 0; call < 4; call++) {
      tf.tidy(() => {
        const x = tf.tensor1d([3, 5 + call]);
        expect([...tf.grad(through)(x).dataSync()]).toEqual([7, 11 + 2 * call]);
        program.run([x]);
      });
    }
    program.dispose();
    expect(graphLoads).toBe(1);
  });

  test('another engine computes it operation by operation; this one, loaded again, has its graphs still', async () => {
    const program = programs.program(([x]) => [tf.mul(x as tf.Tensor, 11)]);
    const call = () => valuesOf(() => program.run([tf.tensor1d([1, 2])]));
    for (let i = 0; i < 3; i++) call();
    native.binding = addon;
    await loadEngine('cpu');
    expect(call()).toEqual([[11, 22]]);
    await loadEngine('tensorflow');
    expect(ownPrograms()).toBe(programs);
    expect(call()).toEqual([[11, 22]]);
    program.dispose();
  });

  test('a graph that gives another bit is not used', () => {
    watch({
      runSavedModel: (...given) => {
        graphRuns++;
        const made = addon.runSavedModel(...given);
        // The next number above: 1 unit in the last place.
        const next = Float32Array.from(addon.tensorDataSync(made[0]?.id as number));
        new Uint32Array(next.buffer)[1] = (new Uint32Array(next.buffer)[1] as number) + 1;
        return [{ ...(made[0] as (typeof made)[number]), id: addon.createTensor([3, 2], 1, next) }];
      },
    });
    expectSame(
      ([x]) => [tf.tanh(x as tf.Tensor)],
      (call) => [matrix(3, 2, 'bit', call)],
    );
    expect(refusals()).toEqual(['its graph gives other bits']);
    expect(graphRuns).toBe(1);
  });

  test('a graph that the library does not take is not used', () => {
    watch({
      loadSavedModel: () => {
        throw new Error('no');
      },
    });
    expectSame(
      ([x]) => [tf.cos(x as tf.Tensor)],
      (call) => [matrix(3, 2, 'take', call)],
    );
    expect(refusals()).toEqual(['the library takes no such graph: no']);
  });

  test('an error of the computation is the caller’s, and nothing stays recorded', () => {
    const program = programs.program(() => {
      throw new RangeError('as it is');
    });
    tf.tidy(() => {
      const x = matrix(1, 1, 'error');
      expect(() => program.run([x])).toThrow('as it is');
      expect(() => program.run([x])).toThrow('as it is');
    });
    program.dispose();
    expectSame(
      ([x]) => [tf.sin(x as tf.Tensor)],
      (call) => [matrix(1, 2, 'after', call)],
    );
    expect(refusals()).toEqual([]);
  });
});

describe.runIf(present)('a gradient', () => {
  const network: Computation = ([x, first, second]) => [
    tf.matMul(tf.relu(tf.matMul(x as tf.Tensor2D, first as tf.Tensor2D)), second as tf.Tensor2D),
  ];

  const only = ({ gradients }: Differentiated) => [...(gradients[0] as tf.Tensor).dataSync()];

  /** The objective's tensors differ from call to call. */
  test('is TensorFlow.js’s to the bit, for objectives that differ, as two graphs from the third call on', () => {
    const tensors = tf.memory().numTensors;
    const gradient = programs.gradient(network);
    for (let call = 0; call < 6; call++) {
      tf.tidy(() => {
        const [x, first, second] = [matrix(4, 7, call), matrix(7, 5, call), matrix(5, 3, call)] as const;
        const labels = tf.tensor1d([call % 3, 1, 2, 0], 'int32');
        const objective = call % 2 === 0 ? crossEntropy(labels) : (z: tf.Tensor) => tf.sum(tf.mul(z, call), 1);
        const expected = tf.grad((v) => objective(network([v, first, second])[0] as tf.Tensor2D))(x);
        const [found] = gradient.run([x, first, second], (z) => objective(z as tf.Tensor2D)).gradients;
        expect([...(found as tf.Tensor).dataSync()]).toEqual([...expected.dataSync()]);
      });
    }
    gradient.dispose();
    expect(refusals()).toEqual([]);
    // Both halves once to prove them, and four times.
    expect([graphLoads, graphRuns]).toEqual([2, 10]);
    expect(tf.memory().numTensors).toBe(tensors);
  });

  test('with respect to several inputs, with what else the function found on its way', () => {
    // The middle result is seen on the way there, the last one on neither way of the gradients.
    const seeing: Computation = ([zero, scale, x]) => {
      const hidden = tf.exp(tf.mul(x as tf.Tensor, 0.1));
      const added = tf.add(hidden, zero as tf.Tensor);
      return [
        tf.matMul(tf.mul(added, scale as tf.Tensor) as tf.Tensor2D, x as tf.Tensor2D, false, true),
        hidden,
        added,
      ];
    };
    const tensors = tf.memory().numTensors;
    const gradient = programs.gradient(seeing, 2);
    for (let call = 0; call < 5; call++) {
      tf.tidy(() => {
        const [zero, scale, x] = [matrix(3, 4, 'zero', call), matrix(3, 4, 'scale', call), matrix(3, 4, 'seen', call)];
        const weights = matrix(3, 3, 'objective', call);
        const objective = (z: tf.Tensor) => tf.mul(tf.square(z), weights);
        const expected = tf.grads((a, b) => objective(seeing([a, b, x])[0] as tf.Tensor))([zero, scale]);
        const { gradients, results } = gradient.run([zero, scale, x], objective);
        const values = (all: readonly tf.Tensor[]) => all.map((tensor) => [...tensor.dataSync()]);
        expect(values(gradients)).toEqual(values(expected));
        expect(values(results)).toEqual(values(seeing([zero, scale, x]).slice(1)));
      });
    }
    gradient.dispose();
    expect([refusals(), graphLoads]).toEqual([[], 2]);
    expect(tf.memory().numTensors).toBe(tensors);
  });

  test('of an objective that hands on what it is given', () => {
    const gradient = programs.gradient(([x]) => [tf.exp(x as tf.Tensor)]);
    for (let call = 0; call < 4; call++) {
      tf.tidy(() => {
        const x = matrix(2, 3, 'exp', call);
        expect(only(gradient.run([x], (z) => z))).toEqual([
          ...tf
            .grad((v) => tf.exp(v))(x)
            .dataSync(),
        ]);
      });
    }
    gradient.dispose();
    expect([refusals(), graphLoads]).toEqual([[], 2]);
  });

  test('of a function whose result the way back needs', () => {
    const gradient = programs.gradient(([x]) => [tf.sigmoid(x as tf.Tensor)]);
    for (let call = 0; call < 4; call++) {
      tf.tidy(() => {
        const x = matrix(2, 3, 'sigmoid', call);
        const expected = tf.grad((v) => tf.sum(tf.square(tf.sigmoid(v))))(x);
        expect(only(gradient.run([x], (z) => tf.square(z)))).toEqual([...expected.dataSync()]);
      });
    }
    gradient.dispose();
    expect(refusals()).toEqual([]);
    expect(graphLoads).toBe(2);
  });

  test('within a recording is a part of it', () => {
    const gradient = programs.gradient(([x]) => [tf.square(x as tf.Tensor)]);
    const program = programs.program(
      ([x, y]) => gradient.run([x as tf.Tensor], (z) => tf.mul(z, y as tf.Tensor)).gradients,
    );
    for (let call = 0; call < 4; call++) {
      tf.tidy(() => {
        const [x, y] = [matrix(2, 2, 'x', call), matrix(2, 2, 'y', call)];
        expect(valuesOf(() => program.run([x, y]))).toEqual([[...tf.mul(tf.mul(y, 2), x).dataSync()]]);
      });
    }
    program.dispose();
    gradient.dispose();
    expect([refusals(), graphLoads]).toEqual([[], 1]);
  });
});

describe.runIf(present)('a round trip', () => {
  /** Forward, turned by what differs from call to call, and back with values of the way there. */
  const turning: Turning = ([x, weights], turn) => {
    const product = tf.matMul(x as tf.Tensor2D, weights as tf.Tensor2D);
    const hidden = tf.relu(product);
    const turned = turn(tf.sum(hidden, 1, true));
    return tf.matMul(tf.mul(hidden, turned) as tf.Tensor2D, weights as tf.Tensor2D, false, true);
  };

  test('gives the bits of its operations, its turn called once each time, as two graphs from the third call on', () => {
    const tensors = tf.memory().numTensors;
    const trip = programs.roundTrip(turning);
    for (let call = 0; call < 6; call++) {
      tf.tidy(() => {
        const [x, weights] = [matrix(4, 7, 'trip', call), matrix(7, 5, 'trip', call)];
        let turns = 0;
        const turn = (sums: tf.Tensor) => {
          turns++;
          return tf.add(tf.square(sums), call);
        };
        const found = [...trip.run([x, weights], turn).dataSync()];
        expect(turns).toBe(1);
        expect(found).toEqual([...turning([x, weights], turn).dataSync()]);
      });
    }
    trip.dispose();
    expect(refusals()).toEqual([]);
    expect([graphLoads, graphRuns]).toEqual([2, 10]);
    expect(tf.memory().numTensors).toBe(tensors);
  });

  test('turned into what it was', () => {
    const trip = programs.roundTrip(turning);
    for (let call = 0; call < 4; call++) {
      tf.tidy(() => {
        const [x, weights] = [matrix(4, 7, 'same', call), matrix(7, 5, 'same', call)];
        const found = [...trip.run([x, weights], (sums) => sums).dataSync()];
        expect(found).toEqual([...turning([x, weights], (sums) => sums).dataSync()]);
      });
    }
    trip.dispose();
    expect(refusals()).toEqual([]);
  });

  test('whose result needs nothing of what is turned has no graph, and leaves none', () => {
    const sessions = addon.getNumOfSavedModels();
    const trip = programs.roundTrip(([x], turn) => {
      turn(tf.square(x as tf.Tensor));
      return tf.exp(x as tf.Tensor);
    });
    for (let call = 0; call < 4; call++) {
      tf.tidy(() => {
        const x = matrix(2, 2, 'nothing', call);
        expect([...trip.run([x], (sums) => sums).dataSync()]).toEqual([...tf.exp(x).dataSync()]);
      });
    }
    trip.dispose();
    expect(refusals()).toEqual([expect.stringMatching(/needs nothing of what is turned/)]);
    expect(addon.getNumOfSavedModels()).toBe(sessions);
  });

  test('a turn or a way back that throws leaves no tensor', () => {
    const thrower = (there: boolean) => () => {
      if (there) throw new RangeError('there');
      return tf.scalar(1);
    };
    const tensors = tf.memory().numTensors;
    for (const there of [true, false]) {
      const trip = programs.roundTrip(([x], turn) => {
        turn(tf.square(x as tf.Tensor));
        throw new RangeError('back');
      });
      tf.tidy(() => {
        for (let call = 0; call < 3; call++)
          expect(() => trip.run([matrix(1, 2, call)], thrower(there))).toThrow(RangeError);
      });
      trip.dispose();
    }
    expect(tf.memory().numTensors).toBe(tensors);
  });
});
