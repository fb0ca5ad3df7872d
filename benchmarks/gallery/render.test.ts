import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { type Colour, grey, mapColour } from './colours.ts';
import { type Gallery, renderGallery } from './render.ts';

// 2 x 1 images: drawn 56 units a pixel, two picture pixels a unit. With one line of heads, rows start at
// 14 + 12 + 24 = 50 units, the images at 14 and the first column at 14 + 56 + 12 = 82.
const gallery: Gallery = {
  shape: [2, 1, 1],
  images: [{ pixels: Float32Array.of(0.2, 1), caption: 'an <image> & more' }],
  columns: [
    { title: 'Signed', rank: 'value' },
    { title: 'Size', rank: 'magnitude' },
  ],
  groups: [
    {
      title: 'standard',
      maps: [[map(-3, 3), map(-1, 2)]],
    },
  ],
  notes: ['a note'],
};

describe('renderGallery', () => {
  test('draws each pixel of images and maps where it belongs', async () => {
    const at = await pixelsOf(await renderGallery(gallery));
    const [upper, lower] = [50 + 20, 50 + 56 + 20];
    near(at(14 + 20, upper), grey(0.2));
    near(at(14 + 20, lower), grey(1));
    near(at(82 + 20, upper), mapColour(-1));
    near(at(82 + 20, lower), mapColour(1));
    // Two values: the 99 % quantile is the lower of them, so both are drawn at full strength, by magnitude.
    near(at(146 + 20, upper), mapColour(1));
    near(at(146 + 20, lower), mapColour(1));
  });

  test('scales a map by a high quantile of its magnitudes', async () => {
    // Of 200 magnitudes 1, 2, ..., 199 and one outlier, the 99 % quantile is 198.
    const values = Float32Array.from({ length: 200 }, (_, i) => (i === 0 ? 1e6 : i));
    const drawn = await renderGallery({
      ...gallery,
      shape: [20, 10, 1],
      images: [{ pixels: new Float32Array(200), caption: '' }],
      columns: [{ title: 'M', rank: 'magnitude' }],
      groups: [{ title: 't', maps: [[{ values, caption: '' }]] }],
    });
    const at = await pixelsOf(drawn);
    // Six units a pixel, ten pixels a row: the first column starts at 14 + 60 + 12.
    const place = (pixel: number) => at(86 + 6 * (pixel % 10) + 3, 50 + 6 * Math.floor(pixel / 10) + 3);
    for (const pixel of [10, 57, 99, 150, 198]) near(place(pixel), mapColour(pixel / 198));
    near(place(0), mapColour(1));
  });

  test('a map of zeros is white, and a map may hold its only non-zero value above the quantile', async () => {
    const at = await pixelsOf(
      await renderGallery({ ...gallery, groups: [{ title: 't', maps: [[map(0, 0), map(0, 5)]] }] }),
    );
    near(at(82 + 20, 70), [255, 255, 255]);
    near(at(146 + 20, 126), mapColour(1));
  });

  test('colour images keep their channels, and their maps are summed over them', async () => {
    const at = await pixelsOf(
      await renderGallery({
        ...gallery,
        shape: [2, 1, 3],
        images: [{ pixels: Float32Array.of(1, 0, 0, 0, 0.5, 1), caption: '' }],
        groups: [{ title: 't', maps: [[map(1, 1, -2, 2, 2, 2), map(1, -1, 1, 2, -2, 2)]] }],
      }),
    );
    near(at(34, 70), [255, 0, 0]);
    near(at(34, 126), [0, 128, 255]);
    near(at(82 + 20, 70), mapColour(0));
    near(at(82 + 20, 126), mapColour(1));
  });

  test('the same gallery gives the same bytes', async () => {
    expect(await renderGallery(gallery)).toEqual(await renderGallery(gallery));
  });

  test('a picture of the size of the README stays under 300 KB, noise included', async () => {
    const noise = (seed: number) => map(...Array.from({ length: 1568 }, (_, i) => Math.sin(seed + i * i)));
    const images = [0, 1].map((i) => ({ pixels: noise(i).values.map(Math.abs), caption: '50 %' }));
    const columns = Array.from({ length: 14 }, (_, c) => ({ title: `Method ${c}`, rank: 'value' as const }));
    const groups = ['standard', 'robust'].map((title) => ({
      title,
      maps: images.map(() => columns.map((_, c) => noise(c))),
    }));
    const picture = await renderGallery({ shape: [56, 28, 1], images, columns, groups, notes: [] });
    expect(picture.length).toBeLessThan(300_000);
    const { width = 0, height = 0 } = await sharp(picture).metadata();
    expect(width).toBeGreaterThan(1600);
    expect(height).toBeLessThan(width);
  });

  test('refuses a map that is missing or of another size', async () => {
    const without = { ...gallery, groups: [{ title: 'robust', maps: [[map(1, 2)]] }] };
    await expect(renderGallery(without)).rejects.toThrow("no map of the images' size for robust, row 0, Size");
    const short = { ...gallery, groups: [{ title: 'robust', maps: [[map(1), map(1, 2)]] }] };
    await expect(renderGallery(short)).rejects.toThrow('row 0, Signed');
  });
});

describe('the colour scale', () => {
  const steps = Array.from({ length: 49 }, (_, i) => i / 48);

  test('darkens with strength on both sides, so that lightness alone can be read', () => {
    for (const sign of [1, -1]) {
      const lightness = steps.map((strength) => luminance(mapColour(sign * strength)));
      for (let i = 1; i < lightness.length; i++) expect(lightness[i]).toBeLessThan(lightness[i - 1] ?? 0);
    }
  });

  test('is white at zero and ends at strength 1', () => {
    expect(mapColour(0)).toEqual([255, 255, 255]);
    expect(mapColour(7)).toEqual(mapColour(1));
    expect(mapColour(-7)).toEqual(mapColour(-1));
  });

  test('keeps warm and blue apart for readers without red or green cones', () => {
    for (const strength of steps.slice(12, 40)) {
      const [warm, blue] = [mapColour(strength), mapColour(-strength)];
      // What protanopes and deuteranopes see is close to yellow (mean of red and green) against blue.
      const yellow = ([red, green, b]: Colour) => (red + green) / 2 - b;
      expect(yellow(warm)).toBeGreaterThan(yellow(blue) + 60);
    }
  });
});

function map(...values: number[]) {
  return { values: Float32Array.from(values), caption: '50 %' };
}

/** Relative luminance (WCAG 2.1). */
function luminance(colour: Colour): number {
  const [red = 0, green = 0, blue = 0] = colour.map((level) => {
    const share = level / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Reads the colour at a place in units. */
async function pixelsOf(png: Uint8Array): Promise<(x: number, y: number) => number[]> {
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return (x, y) => {
    const at = (2 * y * info.width + 2 * x) * info.channels;
    return [...data.subarray(at, at + 3)];
  };
}

/** The palette of the PNG may move a colour by a few levels. */
function near(found: readonly number[], expected: readonly number[]): void {
  expect(Math.max(...found.map((level, i) => Math.abs(level - (expected[i] ?? -99))))).toBeLessThanOrEqual(6);
}
