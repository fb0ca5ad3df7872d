/** A recording as the bytes of a SavedModel with one graph and no variables. */
import { createRequire } from 'node:module';
import type { Attribute, Binding } from '../operations.ts';
import type { Recording, TensorType } from './recording.ts';

const require = createRequire(import.meta.url);

/** What is used here of a message class that protoc made. */
interface Message {
  serializeBinary(): Uint8Array;
  getAttrMap(): { set(name: string, value: Message): void };
  readonly [setter: string]: (value: unknown) => void;
}

type MessageClass = new () => Message;

/** TensorFlow's messages as tfjs-node has them. */
type Messages = { readonly [name: string]: MessageClass & { readonly [inner: string]: MessageClass } };

let loaded: Messages | undefined;

function messages(): Messages {
  loaded ??= require('@tensorflow/tfjs-node/dist/proto/api_pb') as Messages;
  return loaded;
}

/** The version of graphs that TensorFlow 2.18 writes; older ones give some operations older meanings. */
const PRODUCER = 1882;

export function encodeGraph({ given, constants, calls }: Recording, binding: Binding): Uint8Array {
  const graph = message('GraphDef', { Versions: message('VersionDef', { Producer: PRODUCER }) });
  const add = (
    name: string,
    op: string,
    inputs: readonly string[],
    attributes: { readonly [name: string]: Message },
  ) => {
    const node = message('NodeDef', { Name: name, Op: op, InputList: inputs });
    for (const [key, value] of Object.entries(attributes)) node.getAttrMap().set(key, value);
    graph.addNode?.(node);
  };
  for (const { name, type, shape } of given) {
    add(name, 'Placeholder', [], { dtype: attribute({ Type: type }), shape: attribute({ Shape: shapeOf(shape) }) });
  }
  for (const { name, bytes, ...type } of constants) {
    add(name, 'Const', [], {
      dtype: attribute({ Type: type.type }),
      value: attribute({ Tensor: tensorOf(type, bytes) }),
    });
  }
  for (const { name, operation, inputs, attributes } of calls) {
    add(name, operation, inputs, Object.fromEntries(attributes.map((one) => [one.name, attributeOf(one, binding)])));
  }
  const info = inner('MetaGraphDef', 'MetaInfoDef', { TagsList: ['serve'] });
  const model = message('SavedModel', { SavedModelSchemaVersion: 1 });
  model.addMetaGraphs?.(message('MetaGraphDef', { MetaInfoDef: info, GraphDef: graph }));
  return model.serializeBinary();
}

function attributeOf({ name, type, value }: Attribute, binding: Binding): Message {
  const list = Array.isArray(value);
  switch (type) {
    case binding.TF_ATTR_TYPE:
      return attribute({ Type: value });
    case binding.TF_ATTR_SHAPE:
      return attribute({ Shape: shapeOf(value as number[]) });
    case binding.TF_ATTR_STRING:
      return attribute({ S: base64(Buffer.from(value as string)) });
    case binding.TF_ATTR_INT:
      return list ? attribute({ List: inner('AttrValue', 'ListValue', { IList: value }) }) : attribute({ I: value });
    case binding.TF_ATTR_FLOAT:
      return list ? attribute({ List: inner('AttrValue', 'ListValue', { FList: value }) }) : attribute({ F: value });
    case binding.TF_ATTR_BOOL:
      return list ? attribute({ List: inner('AttrValue', 'ListValue', { BList: value }) }) : attribute({ B: value });
    default:
      throw new RangeError(`[attribench] attribute "${name}" of an operation has type ${type}, which no graph holds`);
  }
}

const attribute = (fields: Fields): Message => message('AttrValue', fields);

function shapeOf(shape: readonly number[]): Message {
  return message('TensorShape', { DimList: shape.map((size) => inner('TensorShape', 'Dim', { Size: size })) });
}

function tensorOf({ type, shape }: TensorType, bytes: Uint8Array): Message {
  return message('Tensor', { Dtype: type, TensorShape: shapeOf(shape), TensorContent: base64(bytes) });
}

/** How the message classes take bytes. */
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** By the names of setters, without 'set'. */
type Fields = { readonly [field: string]: unknown };

function message(name: string, fields: Fields): Message {
  return filled(messages()[name], fields);
}

/** A message whose class belongs to another's. */
function inner(outer: string, name: string, fields: Fields): Message {
  return filled(messages()[outer]?.[name], fields);
}

function filled(type: MessageClass | undefined, fields: Fields): Message {
  if (type === undefined) throw new Error(`[attribench] tfjs-node lacks a message with ${Object.keys(fields)}`);
  const made = new type();
  for (const [field, value] of Object.entries(fields)) made[`set${field}`]?.(value);
  return made;
}
