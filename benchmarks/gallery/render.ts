/**
 * A picture of maps beside their images: methods as columns, images as rows, one group of rows a training.
 *
 * A pure function of its input; pixels are drawn here, lettering by the fonts of the machine. Each map
 * is scaled by itself, so a picture shows where a method looks and never how strongly.
 */
import type { ImageShape, Rank } from 'attribench';
import sharp from 'sharp';
import { type Colour, grey, mapColour } from './colours.ts';

export interface Gallery {
  readonly shape: ImageShape;
  readonly images: readonly GalleryImage[];
  /** The methods, in order. */
  readonly columns: readonly { readonly title: string; readonly rank: Rank }[];
  readonly groups: readonly GalleryGroup[];
  /** What the captions and frames mean; lines below the picture. */
  readonly notes: readonly string[];
}

export interface GalleryImage {
  /** [height, width, channels] in [0, 1]. */
  readonly pixels: Float32Array;
  readonly caption: string;
  /** A block to frame in every map, in pixels. */
  readonly frame?: { readonly top: number; readonly left: number; readonly height: number; readonly width: number };
}

export interface GalleryGroup {
  readonly title: string;
  /** By image, then by column. */
  readonly maps: readonly (readonly GalleryMap[])[];
}

export interface GalleryMap {
  /** [height, width, channels]; channels are summed. */
  readonly values: Float32Array;
  readonly caption: string;
}

/** Sizes in units of the lettering; the picture has PIXELS_PER_UNIT pixels a unit, for sharp screens. */
const PIXELS_PER_UNIT = 2;
const CELL_LONG_SIDE = 112;
const MARGIN = 14;
const GAP = 8;
const AFTER_IMAGES = 12;
const LINE = 12;
const CAPTION = 14;
const HEADING = 24;
const SCALE_WIDTH = 90;
const FRAME = '#00736b';
const INK = '#1f2328';
const QUIET = '#59636e';
/** The strongest coordinates are few: scaling by the very largest would leave the rest invisible. */
const FULL_STRENGTH_QUANTILE = 0.99;

/** The picture as PNG; throws where a map is missing or has another size than the images. */
export async function renderGallery(gallery: Gallery): Promise<Uint8Array> {
  const layout = layOut(gallery);
  const canvas = new Canvas(layout.width * PIXELS_PER_UNIT, layout.height * PIXELS_PER_UNIT);
  const marks: string[] = [];
  drawHeads(gallery, layout, marks);
  gallery.groups.forEach((group, g) => {
    marks.push(text(MARGIN, layout.groupTop(g) + HEADING - 9, group.title, { size: 12, bold: true }));
    gallery.images.forEach((image, row) => {
      const y = layout.rowTop(g, row);
      drawCell(layout, canvas, marks, { x: MARGIN, y, caption: image.caption, frame: undefined }, (pixel) =>
        imageColour(image.pixels, pixel, gallery.shape[2]),
      );
      gallery.columns.forEach((column, c) => {
        const map = group.maps[row]?.[c];
        if (map?.values.length !== image.pixels.length)
          throw new Error(
            `[attribench] gallery: no map of the images' size for ${group.title}, row ${row}, ${column.title}`,
          );
        const strengths = mapStrengths(map.values, gallery.shape[2], column.rank);
        const { caption } = map;
        drawCell(layout, canvas, marks, { x: layout.columnLeft(c), y, caption, frame: image.frame }, (pixel) =>
          mapColour(strengths[pixel] ?? 0),
        );
      });
    });
  });
  drawLegend(gallery, layout, canvas, marks);
  return encode(canvas, layout, marks);
}

interface Layout {
  readonly width: number;
  readonly height: number;
  readonly pixelUnits: number;
  readonly rows: number;
  readonly columns: number;
  readonly headLines: number;
  readonly legendTop: number;
  /** What is said below the scale, a line each. */
  readonly sentences: readonly string[];
  columnLeft(column: number): number;
  groupTop(group: number): number;
  rowTop(group: number, row: number): number;
}

const NOTE_SIZE = 9.5;
/** Of the font's size: what a letter takes in running text, rounded up. */
const LETTER_WIDTH = 0.58;

function layOut({ shape: [rows, columns], images, columns: methods, groups, notes }: Gallery): Layout {
  const pixelUnits = Math.max(1, Math.round(CELL_LONG_SIDE / Math.max(rows, columns)));
  const [cellWidth, cellHeight] = [columns * pixelUnits, rows * pixelUnits];
  const headLines = Math.max(1, ...methods.map(({ title }) => words(title).length));
  const rowHeight = cellHeight + CAPTION + GAP / 2;
  const groupHeight = HEADING + images.length * rowHeight;
  const groupTop = (group: number) => MARGIN + headLines * LINE + group * groupHeight;
  const columnLeft = (column: number) => MARGIN + cellWidth + AFTER_IMAGES + column * (cellWidth + GAP);
  const legendTop = groupTop(groups.length) + GAP;
  const width = columnLeft(methods.length) - GAP + MARGIN;
  const sentences = [meaningOf(methods), ...notes].flatMap((sentence) => wrap(sentence, width - 2 * MARGIN));
  return {
    width,
    height: legendTop + LINE * 1.5 + sentences.length * (LINE + 3) + MARGIN / 2,
    sentences,
    pixelUnits,
    rows,
    columns,
    headLines,
    legendTop,
    columnLeft,
    groupTop,
    rowTop: (group, row) => groupTop(group) + HEADING + row * rowHeight,
  };
}

function drawHeads({ columns }: Gallery, layout: Layout, marks: string[]): void {
  const head = (title: string, left: number) => {
    const lines = words(title);
    lines.forEach((line, i) => {
      const y = MARGIN + (layout.headLines - lines.length + i + 1) * LINE - 3;
      marks.push(text(left + (layout.columns * layout.pixelUnits) / 2, y, line, { size: 10, anchor: 'middle' }));
    });
  };
  head('Image', MARGIN);
  columns.forEach(({ title }, c) => {
    head(title, layout.columnLeft(c));
  });
}

function drawCell(
  layout: Layout,
  canvas: Canvas,
  marks: string[],
  cell: { x: number; y: number; caption: string; frame: GalleryImage['frame'] | undefined },
  colour: (pixel: number) => Colour,
): void {
  const { x, y, caption, frame } = cell;
  const { pixelUnits: unit, rows, columns } = layout;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      canvas.fill(x + column * unit, y + row * unit, unit, unit, colour(row * columns + column));
    }
  }
  marks.push(rectangle(x, y, columns * unit, rows * unit, `stroke="#d0d7de" stroke-width="0.75"`));
  if (frame !== undefined) {
    const { top, left, height, width } = frame;
    const style = `stroke="${FRAME}" stroke-width="1"`;
    marks.push(rectangle(x + left * unit, y + top * unit, width * unit, height * unit, style));
  }
  const middle = x + (columns * unit) / 2;
  marks.push(text(middle, y + rows * unit + CAPTION - 4, caption, { size: 9, anchor: 'middle', colour: QUIET }));
}

function drawLegend({ columns }: Gallery, layout: Layout, canvas: Canvas, marks: string[]): void {
  const signed = isSigned(columns);
  const low = signed ? -1 : 0;
  const y = layout.legendTop;
  for (let i = 0; i < SCALE_WIDTH; i++) {
    canvas.fill(MARGIN + i, y, 1, LINE - 3, mapColour(low + ((i + 0.5) / SCALE_WIDTH) * (1 - low)));
  }
  marks.push(rectangle(MARGIN, y, SCALE_WIDTH, LINE - 3, `stroke="#d0d7de" stroke-width="0.75"`));
  const ends = signed ? 'negative to positive' : 'zero to strong';
  const style = { size: NOTE_SIZE, colour: QUIET };
  marks.push(text(MARGIN + SCALE_WIDTH + GAP, y + LINE - 4, ends, style));
  layout.sentences.forEach((sentence, i) => {
    marks.push(text(MARGIN, y + LINE * 2 + 2 + i * (LINE + 3), sentence, style));
  });
}

function isSigned(columns: Gallery['columns']): boolean {
  return columns.some(({ rank }) => rank === 'value');
}

function meaningOf(columns: Gallery['columns']): string {
  return isSigned(columns)
    ? 'Colour: attribution, by magnitude where a method ranks so; each map is scaled by itself.'
    : 'Colour: magnitude of the attribution; each map is scaled by itself.';
}

/** Lines no wider than a width, by the mean width of a letter, broken between words. */
function wrap(sentence: string, width: number): string[] {
  const letters = Math.floor(width / (NOTE_SIZE * LETTER_WIDTH));
  const lines: string[] = [];
  let line = '';
  for (const word of sentence.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > letters) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** Values summed over channels, by magnitude where so ranked, divided by a high quantile of their magnitudes. */
function mapStrengths(values: Float32Array, channels: number, rank: Rank): Float32Array {
  const sums = new Float32Array(values.length / channels);
  values.forEach((value, i) => {
    const pixel = Math.floor(i / channels);
    sums[pixel] = (sums[pixel] ?? 0) + (rank === 'magnitude' ? Math.abs(value) : value);
  });
  const sorted = sums.map(Math.abs).sort();
  const high = sorted[Math.floor(FULL_STRENGTH_QUANTILE * (sorted.length - 1))] ?? 0;
  // A map with fewer non-zero values than the quantile leaves is scaled by its largest.
  const full = high > 0 ? high : (sorted.at(-1) ?? 0);
  return full > 0 ? sums.map((value) => value / full) : sums;
}

function imageColour(pixels: Float32Array, pixel: number, channels: number): Colour {
  const of = (channel: number) => grey(pixels[pixel * channels + channel] ?? 0)[0];
  return channels === 3 ? [of(0), of(1), of(2)] : [of(0), of(0), of(0)];
}

/** An RGB raster addressed in units. */
class Canvas {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;

  constructor(width: number, height: number) {
    this.width = Math.ceil(width);
    this.height = Math.ceil(height);
    this.data = new Uint8Array(this.width * this.height * 3).fill(255);
  }

  fill(x: number, y: number, width: number, height: number, colour: Colour): void {
    const [left, top] = [Math.round(x * PIXELS_PER_UNIT), Math.round(y * PIXELS_PER_UNIT)];
    const [right, bottom] = [left + width * PIXELS_PER_UNIT, top + height * PIXELS_PER_UNIT];
    for (let row = top; row < bottom; row++) {
      for (let column = left; column < right; column++) this.data.set(colour, (row * this.width + column) * 3);
    }
  }
}

async function encode(canvas: Canvas, layout: Layout, marks: readonly string[]): Promise<Uint8Array> {
  const { width, height, data } = canvas;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${layout.width} ${layout.height}" font-family="DejaVu Sans, Helvetica, Arial, sans-serif">${marks.join('')}</svg>`;
  const picture = sharp(data, { raw: { width, height, channels: 3 } }).composite([{ input: Buffer.from(svg) }]);
  return picture.png({ compressionLevel: 9, palette: true, colours: 256, dither: 0, effort: 10 }).toBuffer();
}

function text(
  x: number,
  y: number,
  content: string,
  {
    size,
    anchor = 'start',
    bold = false,
    colour = INK,
  }: { size: number; anchor?: string; bold?: boolean; colour?: string },
): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  const weight = bold ? ' font-weight="bold"' : '';
  return `<text x="${x}" y="${y}" font-size="${size}" text-anchor="${anchor}" fill="${colour}"${weight}>${escaped}</text>`;
}

function rectangle(x: number, y: number, width: number, height: number, style: string): string {
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="none" ${style}/>`;
}

/** A title broken at its spaces, short words joined: columns are narrow. */
function words(title: string): string[] {
  const longest = 11;
  return title.split(' ').reduce<string[]>((lines, word) => {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= longest) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
    return lines;
  }, []);
}
