/**
 * A recording as the bytes of a SavedModel with one graph and no variables.
 *
 * Numbers of fields are those of TensorFlow's saved_model.proto, meta_graph.proto, graph.proto, node_def.proto,
 * attr_value.proto, tensor.proto and tensor_shape.proto.
 */
import Pbf from 'pbf';
import type { Attribute, Binding } from '../operations.ts';
import type { Recording, TensorType } from './recording.ts';

/** The version of graphs that TensorFlow 2.18 writes; older ones give some operations older meanings. */
const PRODUCER = 1882;

/** Writes the fields of a message. */
type Message = (out: Pbf) => void;

export function encodeGraph(recording: Recording, binding: Binding): Uint8Array {
  const out = new Pbf();
  out.writeVarintField(1, 1); // saved_model_schema_version
  field(out, 2, (metaGraph) => {
    field(metaGraph, 1, (info) => info.writeStringField(4, 'serve')); // tags
    field(metaGraph, 2, graphOf(recording, binding));
  });
  return out.finish();
}

const graphOf =
  ({ given, constants, calls }: Recording, binding: Binding): Message =>
  (graph) => {
    const add = (name: string, operation: string, inputs: readonly string[], attributes: readonly Named[]) =>
      field(graph, 1, (node) => {
        node.writeStringField(1, name);
        node.writeStringField(2, operation);
        for (const input of inputs) node.writeStringField(3, input);
        for (const [key, value] of attributes) {
          field(node, 5, (entry) => {
            entry.writeStringField(1, key);
            field(entry, 2, value);
          });
        }
      });
    for (const { name, type, shape } of given) {
      add(
        name,
        'Placeholder',
        [],
        [
          ['dtype', typeOf(type)],
          ['shape', (value) => field(value, 7, shapeOf(shape))],
        ],
      );
    }
    for (const { name, bytes, ...type } of constants) {
      add(
        name,
        'Const',
        [],
        [
          ['dtype', typeOf(type.type)],
          ['value', (value) => field(value, 8, tensorOf(type, bytes))],
        ],
      );
    }
    for (const { name, operation, inputs, attributes } of calls) {
      add(
        name,
        operation,
        inputs,
        attributes.map((one) => [one.name, attributeOf(one, binding)] as const),
      );
    }
    field(graph, 4, (versions) => versions.writeVarintField(1, PRODUCER));
  };

/** An attribute's name and its AttrValue. */
type Named = readonly [name: string, value: Message];

function attributeOf({ name, type, value }: Attribute, binding: Binding): Message {
  const list = Array.isArray(value);
  const inList =
    (fields: Message): Message =>
    (out) =>
      field(out, 1, fields);
  switch (type) {
    case binding.TF_ATTR_TYPE:
      return list ? inList((out) => out.writePackedVarint(6, value as number[])) : typeOf(value as number);
    case binding.TF_ATTR_SHAPE:
      return (out) => field(out, 7, shapeOf(value as number[]));
    case binding.TF_ATTR_STRING:
      return list
        ? inList((out) => {
            for (const one of value as string[]) out.writeStringField(2, one);
          })
        : (out) => out.writeStringField(2, value as string);
    case binding.TF_ATTR_INT:
      return list
        ? inList((out) => out.writePackedVarint(3, value as number[]))
        : (out) => out.writeVarintField(3, value as number);
    case binding.TF_ATTR_FLOAT:
      return list
        ? inList((out) => out.writePackedFloat(4, value as number[]))
        : (out) => out.writeFloatField(4, value as number);
    case binding.TF_ATTR_BOOL:
      return list
        ? inList((out) => out.writePackedBoolean(5, value as boolean[]))
        : (out) => out.writeBooleanField(5, value as boolean);
    default:
      throw new RangeError(`[attribench] attribute "${name}" of an operation has type ${type}, which no graph holds`);
  }
}

const typeOf =
  (type: number): Message =>
  (out) =>
    out.writeVarintField(6, type);

const shapeOf =
  (shape: readonly number[]): Message =>
  (out) => {
    for (const size of shape) field(out, 2, (dimension) => dimension.writeVarintField(1, size));
  };

const tensorOf =
  ({ type, shape }: TensorType, bytes: Uint8Array): Message =>
  (out) => {
    out.writeVarintField(1, type);
    field(out, 2, shapeOf(shape));
    out.writeBytesField(4, bytes);
  };

/** A field that is a message. */
function field(out: Pbf, number: number, fields: Message): void {
  out.writeMessage(number, (_, inner) => fields(inner as Pbf), undefined);
}
