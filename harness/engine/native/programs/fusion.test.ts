import { expect, test, vi } from 'vitest';
import type { Attribute, Binding } from '../operations.ts';
import { askingResults, type Fusion, fused } from './fusion.ts';
import type { Call, Constant, Recording } from './recording.ts';

const TYPES = { TF_ATTR_TYPE: 1, TF_ATTR_STRING: 3, TF_ATTR_INT: 5 } as Binding;

const IMAGES = [2, 8, 8, 4];
const PADDED = [2, 10, 10, 4];

interface Kind {
  readonly shape?: readonly number[];
  readonly type?: number;
}

const call = (name: string, operation: string, inputs: string, { shape = IMAGES, type = 1 }: Kind = {}): Call => ({
  name,
  operation,
  inputs: inputs.split(' ').map((input) => `${input}:0`),
  attributes: [],
  outputs: [{ type, shape }],
});

interface Convolved extends Kind {
  readonly padding?: string;
  readonly layout?: string;
}

const convolution = (name: string, inputs: string, { padding = 'SAME', layout = 'NHWC', ...kind }: Convolved = {}) => ({
  ...call(name, 'Conv2D', inputs, kind),
  attributes: [
    { name: 'padding', type: 3, value: padding },
    { name: 'data_format', type: 3, value: layout },
  ] satisfies Attribute[],
});

const add = (name: string, inputs: string, kind?: Kind) => call(name, 'AddV2', inputs, kind);
const relu = (name: string, input: string) => call(name, 'Relu', input);
const pad = (name: string, input: string, widths = 'edges', filling = 'zero') =>
  call(name, 'PadV2', `${input} ${widths} ${filling}`, { shape: PADDED });

const widths = (name: string, ...numbers: number[]): Constant => ({
  name,
  type: 3,
  shape: [4, 2],
  bytes: new Uint8Array(Int32Array.from(numbers).buffer),
});
const scalar = (name: string, number: number): Constant => ({
  name,
  type: 1,
  shape: [],
  bytes: new Uint8Array(Float32Array.of(number).buffer),
});
const CONSTANTS = [
  widths('edges', 0, 0, 1, 2, 0, 3, 0, 0),
  widths('ofImages', 0, 1, 1, 1, 1, 1, 0, 0),
  widths('ofChannels', 0, 0, 1, 1, 1, 1, 1, 0),
  { ...widths('asFloats', 0, 0, 1, 1, 1, 1, 0, 0), type: 1 },
  scalar('zero', 0),
  scalar('minusZero', -0),
  scalar('one', 1),
];

const recordingOf = (calls: readonly Call[], results = [(calls.at(-1) as Call).name]): Recording => ({
  given: [
    { name: 'x', type: 1, shape: IMAGES },
    { name: 'w', type: 1, shape: [3, 3, 4, 4] },
    { name: 'b', type: 1, shape: [4] },
    { name: 'r', type: 1, shape: IMAGES },
    { name: 'three', type: 1, shape: [3] },
    { name: 'row', type: 1, shape: [1, 4] },
    { name: 'map', type: 1, shape: [1, 8, 8, 4] },
    { name: 'counts', type: 3, shape: [4] },
    { name: 'given', type: 3, shape: [4, 2] },
  ],
  constants: CONSTANTS,
  calls,
  results: results.map((name) => `${name}:0`),
});

const attributeOf = ({ attributes }: Call, wanted: string) => attributes.find(({ name }) => name === wanted)?.value;

/** A call as "name = operation[what is fused](inputs)". */
const toldOf = (one: Call) => {
  const steps = attributeOf(one, 'fused_ops');
  const inputs = one.inputs.map((input) => input.slice(0, -2)).join(' ');
  return `${one.name} = ${one.operation}${Array.isArray(steps) ? `[${steps.join(' ')}]` : ''}(${inputs})`;
};

const fusedOf = (calls: readonly Call[], results?: string[]) =>
  fused(recordingOf(calls, results), TYPES, () => true).calls.map(toldOf);

/** Nothing of it is fused. */
const expectKept = (...calls: Call[]) => expect(fusedOf(calls)).toEqual(calls.map(toldOf));

const conv = convolution('c', 'x w');

test('a bias, another value and a rectification are done by the convolution before them', () => {
  expect(fusedOf([conv, add('s', 'c b')])).toEqual(['s = _FusedConv2D[BiasAdd](x w b)']);
  expect(fusedOf([conv, add('s', 'b c'), relu('y', 's')])).toEqual(['y = _FusedConv2D[BiasAdd Relu](x w b)']);
  expect(fusedOf([conv, add('s', 'c b'), add('t', 's r')])).toEqual(['t = _FusedConv2D[BiasAdd Add](x w b r)']);
  expect(fusedOf([conv, add('s', 'c b'), add('t', 'r s'), relu('y', 't')])).toEqual([
    'y = _FusedConv2D[BiasAdd Add Relu](x w b r)',
  ]);
  expect(fusedOf([conv, call('s', 'Add', 'c b')])).toEqual(['s = _FusedConv2D[BiasAdd](x w b)']);
});

test('the fused call keeps the attributes of the convolution and says how many values it takes besides', () => {
  const [whole] = fused(recordingOf([conv, add('s', 'c b'), add('t', 's r')]), TYPES, () => true).calls;
  expect(whole?.attributes).toEqual([
    ...conv.attributes,
    { name: 'fused_ops', type: 3, value: ['BiasAdd', 'Add'] },
    { name: 'num_args', type: 5, value: 2 },
    { name: 'TArgs', type: 1, value: [1, 1] },
  ]);
  expect(whole?.outputs).toEqual([{ type: 1, shape: IMAGES }]);
});

test('what comes before and after is left as it was, in an order in which it can be computed', () => {
  const calls = [
    call('n', 'Neg', 'x'),
    convolution('c', 'n w'),
    call('m', 'Neg', 'b', { shape: [4] }),
    add('s', 'c m'),
    relu('y', 's'),
  ];
  expect(fusedOf([...calls, call('z', 'Neg', 'y')])).toEqual([
    'n = Neg(x)',
    'm = Neg(b)',
    'y = _FusedConv2D[BiasAdd Relu](n w m)',
    'z = Neg(y)',
  ]);
});

test('no sum is first but a bias of one number for each channel', () => {
  expectKept(conv);
  expectKept(conv, relu('y', 'c'));
  expectKept(conv, add('s', 'c r'));
  expectKept(conv, add('s', 'c three'));
  expectKept(conv, add('s', 'c row'));
  expectKept(conv, add('s', 'c zero'));
  expectKept(conv, add('s', 'c counts'));
  expectKept(conv, call('s', 'Sub', 'c b'));
  expectKept(conv, add('s', 'x b'), add('t', 'c s'));
});

test('no other value is added but one of the same shape', () => {
  expect(fusedOf([conv, add('s', 'c b'), add('t', 's map')])).toEqual([
    's = _FusedConv2D[BiasAdd](x w b)',
    't = AddV2(s map)',
  ]);
  expect(fusedOf([conv, add('s', 'c b'), add('t', 's b')])).toEqual([
    's = _FusedConv2D[BiasAdd](x w b)',
    't = AddV2(s b)',
  ]);
});

test('only convolutions of floats with their channels last', () => {
  expectKept(convolution('c', 'x w', { layout: 'NCHW' }), add('s', 'c b'));
  expectKept(convolution('c', 'x w', { type: 19 }), add('s', 'c b', { type: 19 }));
  expectKept({ ...conv, operation: 'DepthwiseConv2dNative' }, add('s', 'c b'));
});

test('a value that is read again, or is a result, is made', () => {
  expectKept(conv, add('s', 'c b'), call('z', 'Neg', 'c'));
  expectKept(conv, add('s', 'c c'));
  expect(fusedOf([conv, add('s', 'c b')], ['c', 's'])).toEqual(['c = Conv2D(x w)', 's = AddV2(c b)']);
  expect(fusedOf([conv, add('s', 'c b'), relu('y', 's')], ['y', 's'])).toEqual([
    's = _FusedConv2D[BiasAdd](x w b)',
    'y = Relu(s)',
  ]);
  expect(fusedOf([conv, add('s', 'c b'), add('t', 's r'), relu('y', 't'), call('z', 'ReluGrad', 'y t')])).toEqual([
    't = _FusedConv2D[BiasAdd Add](x w b r)',
    'y = Relu(t)',
    'z = ReluGrad(y t)',
  ]);
});

test('of two convolutions that meet in a sum one takes it', () => {
  const calls = [conv, add('s', 'c b'), convolution('d', 'r w'), add('t', 'd b'), add('u', 's t'), relu('y', 'u')];
  expect(fusedOf(calls)).toEqual(['t = _FusedConv2D[BiasAdd](r w b)', 'y = _FusedConv2D[BiasAdd Add Relu](x w b t)']);
});

test('zeros around images are the padding of the convolution that alone reads them', () => {
  const own = convolution('c', 'p w', { padding: 'VALID' });
  const whole = fused(recordingOf([pad('p', 'x'), own, add('s', 'c b')]), TYPES, () => true).calls;
  expect(whole.map(toldOf)).toEqual(['s = _FusedConv2D[BiasAdd](x w b)']);
  const [alone, ...none] = fused(recordingOf([pad('p', 'x'), own]), TYPES, () => true).calls as [Call];
  expect([toldOf(alone), none]).toEqual(['c = Conv2D(x w)', []]);
  for (const one of [whole[0] as Call, alone]) {
    expect(one.attributes.filter(({ name }) => name.includes('padding'))).toEqual([
      { name: 'padding', type: 3, value: 'EXPLICIT' },
      { name: 'explicit_paddings', type: 5, value: [0, 0, 1, 2, 0, 3, 0, 0] },
    ]);
  }
});

test('other paddings stay', () => {
  const valid = convolution('c', 'p w', { padding: 'VALID' });
  expectKept(pad('p', 'x'), convolution('c', 'p w'));
  expectKept(pad('p', 'x'), valid, call('z', 'Neg', 'p'));
  expectKept(pad('p', 'x'), convolution('c', 'x p', { padding: 'VALID' }));
  for (const named of ['ofImages', 'ofChannels', 'asFloats', 'given']) expectKept(pad('p', 'x', named), valid);
  for (const named of ['one', 'minusZero', 'three']) expectKept(pad('p', 'x', 'edges', named), valid);
  expectKept({ ...pad('p', 'x'), operation: 'MirrorPad' }, valid);
});

test('what is not proven stays, and what is asked for is told whole', () => {
  const calls = [pad('p', 'x'), convolution('c', 'p w', { padding: 'VALID' }), add('s', 'c b'), relu('y', 's')];
  const other = [convolution('d', 'y w'), add('t', 'd b')];
  const isProven = vi.fn(({ fused: one }: Fusion) => one.name === 't');
  const recording = recordingOf([...calls, ...other]);
  expect(fused(recording, TYPES, isProven)).toEqual({
    ...recording,
    calls: [...calls, expect.objectContaining({ name: 't', operation: '_FusedConv2D' })],
  });
  expect(isProven.mock.calls[0]?.[0]).toMatchObject({
    calls,
    constants: [CONSTANTS[0], CONSTANTS[4]],
    types: [
      { type: 1, shape: IMAGES },
      { type: 1, shape: [3, 3, 4, 4] },
      { type: 1, shape: [4] },
    ],
  });
});

test("a rectification's gradient asks its result", () => {
  const calls = [
    relu('y', 'x'),
    call('g', 'ReluGrad', 'r x'),
    call('h', 'ReluGrad', 'r b'),
    call('i', 'Relu6Grad', 'r x'),
  ];
  expect(askingResults(recordingOf(calls)).calls.map(toldOf)).toEqual([
    'y = Relu(x)',
    'g = ReluGrad(r y)',
    'h = ReluGrad(r b)',
    'i = Relu6Grad(r x)',
  ]);
});
