/** Writes MATLAB 5 .mat files, for tests of their reader. */
import { deflateSync } from 'node:zlib';

export interface MatEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: readonly number[];
  /** How values are stored: bytes (2) by default, or doubles (9). */
  readonly type?: 2 | 9;
}

/** The bytes of a .mat file, slow and obvious; names of up to 4 letters get short elements, as MATLAB writes them. */
export function encodeMat(entries: readonly MatEntry[], compressed: boolean): Uint8Array {
  const header = Buffer.alloc(128, ' ');
  header.write('MATLAB 5.0 MAT-file');
  header.writeUInt16LE(0x0100, 124);
  header.write('IM', 126);
  const arrays = entries.map(({ name, shape, values, type = 2 }) => {
    const stored = Buffer.alloc(values.length * (type === 9 ? 8 : 1));
    values.forEach((value, i) => {
      if (type === 9) stored.writeDoubleLE(value, 8 * i);
      else stored.writeUInt8(value, i);
    });
    const dimensions = Buffer.alloc(4 * shape.length);
    shape.forEach((size, i) => {
      dimensions.writeInt32LE(size, 4 * i);
    });
    const array = element(
      14,
      Buffer.concat([
        element(6, Buffer.from([9, 0, 0, 0, 0, 0, 0, 0])),
        element(5, dimensions),
        element(1, Buffer.from(name, 'latin1')),
        element(type, stored),
      ]),
    );
    return compressed ? tagged(15, deflateSync(array)) : array;
  });
  return Buffer.concat([header, ...arrays]);
}

function element(type: number, content: Buffer): Buffer {
  if (content.length > 0 && content.length <= 4) {
    const short = Buffer.alloc(8);
    short.writeUInt16LE(type, 0);
    short.writeUInt16LE(content.length, 2);
    content.copy(short, 4);
    return short;
  }
  return Buffer.concat([tagged(type, content), Buffer.alloc((8 - (content.length % 8)) % 8)]);
}

function tagged(type: number, content: Buffer): Buffer {
  const tag = Buffer.alloc(8);
  tag.writeUInt32LE(type, 0);
  tag.writeUInt32LE(content.length, 4);
  return Buffer.concat([tag, content]);
}
