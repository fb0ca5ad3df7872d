/** The ziggurat's loop, translated: the text of harness/random/normal-loop.ts. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import wabt from 'wabt';
import { packageRoot } from '../harness/plugins.ts';

const SOURCE = 'harness/random/normal-loop.wat';
export const TRANSLATION = 'harness/random/normal-loop.ts';

export async function normalLoop(): Promise<string> {
  const text = readFileSync(join(packageRoot, SOURCE), 'utf8');
  const module = (await wabt()).parseWat(SOURCE, text);
  try {
    const code = Buffer.from(module.toBinary({}).buffer).toString('base64');
    const lines = code.match(/.{1,100}/g) ?? [];
    return [
      '/** normal-loop.wat as WebAssembly in base64; made by `npm run wasm`. */',
      'export const NORMAL_LOOP =',
      `${lines.map((line) => `  '${line}'`).join(' +\n')};\n`,
    ].join('\n');
  } finally {
    module.destroy();
  }
}
