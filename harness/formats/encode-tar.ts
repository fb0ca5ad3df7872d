/** Writes tar archives, honest and hostile, for tests of their reader. */

export interface TarMember {
  readonly name: string;
  readonly content?: Uint8Array;
  /** '0' regular file (default), '2' symbolic link, '5' folder, ... */
  readonly type?: string;
  readonly prefix?: string;
  /** What the header claims; the content's size by default. */
  readonly size?: number;
}

/** The bytes of a ustar archive, slow and obvious. */
export function encodeTar(members: readonly TarMember[]): Uint8Array {
  const blocks = members.flatMap(({ name, content = new Uint8Array(), type = '0', prefix = '', size }) => {
    const header = Buffer.alloc(512);
    header.write(name, 0, 100, 'latin1');
    header.write('0000644\0', 100);
    header.write(`${(size ?? content.length).toString(8).padStart(11, '0')}\0`, 124);
    header.write('        ', 148);
    header.write(type, 156);
    header.write('ustar\0', 257);
    header.write(prefix, 345, 155, 'latin1');
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return [header, content, Buffer.alloc((512 - (content.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}
