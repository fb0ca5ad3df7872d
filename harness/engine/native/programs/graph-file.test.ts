/** The graph's bytes against the message classes that protoc made for tfjs-node. */
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import type { Binding } from '../operations.ts';
import { encodeGraph } from './graph-file.ts';
import type { Recording } from './recording.ts';

const TYPES = {
  TF_ATTR_TYPE: 1,
  TF_ATTR_SHAPE: 2,
  TF_ATTR_STRING: 3,
  TF_ATTR_BOOL: 4,
  TF_ATTR_INT: 5,
  TF_ATTR_FLOAT: 6,
} as Binding;
const [TYPE, SHAPE, STRING, BOOL, INT, FLOAT] = [1, 2, 3, 4, 5, 6] as const;

interface Shape {
  readonly dimList: readonly { readonly size: number }[];
}

/** What is read here of the message classes' plain objects. */
interface Value {
  readonly type: number;
  readonly shape: Shape;
  readonly tensor: { readonly dtype: number; readonly tensorShape: Shape; readonly tensorContent: string };
  readonly s: string;
  readonly b: boolean;
  readonly i: number;
  readonly f: number;
  readonly list: {
    readonly iList: number[];
    readonly fList: number[];
    readonly bList: boolean[];
    readonly typeList: number[];
    readonly sList: string[];
  };
}

interface Node {
  readonly name: string;
  readonly op: string;
  readonly inputList: readonly string[];
  readonly attrMap: readonly (readonly [string, Value])[];
}

interface Graph {
  readonly versions: { readonly producer: number };
  readonly nodeList: readonly Node[];
}

const { SavedModel } = createRequire(import.meta.url)('@tensorflow/tfjs-node/dist/proto/api_pb');

const recording: Recording = {
  given: [{ name: 'given0', type: 1, shape: [300, -1] }],
  constants: [{ name: 'constant0', type: 3, shape: [], bytes: Uint8Array.of(0, 255, 7, 128) }],
  calls: [
    {
      name: 'call0',
      operation: 'Anything',
      inputs: ['given0:0', 'constant0:0'],
      outputs: [{ type: 1, shape: [2] }],
      attributes: [
        { name: 'T', type: TYPE, value: 1 },
        { name: 'shape', type: SHAPE, value: [] },
        { name: 'name', type: STRING, value: 'NHWC, é' },
        { name: 'yes', type: BOOL, value: true },
        { name: 'no', type: BOOL, value: false },
        { name: 'count', type: INT, value: -2 },
        { name: 'large', type: INT, value: 2 ** 40 },
        { name: 'strides', type: INT, value: [1, -1, 200_000] },
        { name: 'none', type: INT, value: [] },
        { name: 'alpha', type: FLOAT, value: Number.POSITIVE_INFINITY },
        { name: 'rates', type: FLOAT, value: [0.5, -0] },
        { name: 'flags', type: BOOL, value: [true, false] },
        { name: 'steps', type: STRING, value: ['BiasAdd', 'é'] },
        { name: 'types', type: TYPE, value: [1, 3, 19] },
      ],
    },
    { name: 'call1', operation: 'NoOp', inputs: [], outputs: [], attributes: [] },
  ],
  results: ['call0:0'],
};

test('every field is read back as it was given', () => {
  const model = SavedModel.deserializeBinary(encodeGraph(recording, TYPES)).toObject();
  expect(model.savedModelSchemaVersion).toBe(1);
  const [{ metaInfoDef, graphDef }] = model.metaGraphsList;
  expect(metaInfoDef.tagsList).toEqual(['serve']);
  expect(graphDef.versions.producer).toBe(1882);
  const { nodeList }: Graph = graphDef;
  expect(nodeList.map(({ name, op, inputList }) => [name, op, inputList])).toEqual([
    ['given0', 'Placeholder', []],
    ['constant0', 'Const', []],
    ['call0', 'Anything', ['given0:0', 'constant0:0']],
    ['call1', 'NoOp', []],
  ]);
  const valuesOf = (place: number) => {
    const values = new Map(nodeList[place]?.attrMap);
    return (name: string) => values.get(name) as Value;
  };
  const [given, constant, call] = [valuesOf(0), valuesOf(1), valuesOf(2)];
  const sizes = (shape: Shape) => shape.dimList.map(({ size }) => size);
  expect(given('dtype').type).toBe(1);
  expect(sizes(given('shape').shape)).toEqual([300, -1]);
  expect(constant('dtype').type).toBe(3);
  const { dtype, tensorShape, tensorContent } = constant('value').tensor;
  expect([dtype, sizes(tensorShape), tensorContent]).toEqual([3, [], Buffer.from([0, 255, 7, 128]).toString('base64')]);
  expect(call('T').type).toBe(1);
  expect(sizes(call('shape').shape)).toEqual([]);
  expect(Buffer.from(call('name').s, 'base64').toString()).toBe('NHWC, é');
  expect([call('yes').b, call('no').b]).toEqual([true, false]);
  expect([call('count').i, call('large').i]).toEqual([-2, 2 ** 40]);
  expect(call('strides').list.iList).toEqual([1, -1, 200_000]);
  expect(call('none').list.iList).toEqual([]);
  expect(call('alpha').f).toBe(Number.POSITIVE_INFINITY);
  expect(call('rates').list.fList).toEqual([0.5, -0]);
  expect(call('flags').list.bList).toEqual([true, false]);
  expect(call('steps').list.sList.map((one) => Buffer.from(one, 'base64').toString())).toEqual(['BiasAdd', 'é']);
  expect(call('types').list.typeList).toEqual([1, 3, 19]);
});

test('which of the kinds of value an attribute has is told even of a value of nothing', () => {
  const [, , call] = SavedModel.deserializeBinary(encodeGraph(recording, TYPES))
    .getMetaGraphsList()[0]
    .getGraphDef()
    .getNodeList();
  const kind = (name: string) => call.getAttrMap().get(name).getValueCase();
  // The numbers of the fields: b, list, shape.
  expect([kind('no'), kind('none'), kind('shape')]).toEqual([5, 1, 7]);
});

test('an attribute of another type is refused by name', () => {
  const [first, ...others] = recording.calls;
  const attributes = [{ name: 'body', type: 9, value: 'f' }];
  const strange = { ...recording, calls: [{ ...first, attributes }, ...others] } as Recording;
  expect(() => encodeGraph(strange, TYPES)).toThrow('attribute "body" of an operation has type 9');
});
