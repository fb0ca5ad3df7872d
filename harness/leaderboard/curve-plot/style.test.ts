import { describe, expect, test } from 'vitest';
import { COLOURS } from './style.ts';

/** Linear RGB, as Machado, Oliveira and Fernandes (2009) say that people without one kind of cone see it. */
const VISION = {
  trichromat: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protanope: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  deuteranope: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  tritanope: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
} as const;

function linear(colour: string): number[] {
  return [1, 3, 5].map((at) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
}

/** CIE L*a*b* of linear RGB, D65. */
function lab([r = 0, g = 0, b = 0]: readonly number[]): number[] {
  const f = (t: number) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  const x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505);
  const y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
  const z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

describe('the colours', () => {
  test.each(COLOURS)('%s stands out from white (3 to 1, as WCAG asks of graphics)', (colour) => {
    const [r = 0, g = 0, b = 0] = linear(colour);
    expect(1.05 / (0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05)).toBeGreaterThan(3);
  });

  test.each(Object.entries(VISION))('are told apart by a %s', (_, matrix) => {
    const seen = COLOURS.map((colour) => {
      const rgb = linear(colour);
      const channel = (row: number) => rgb.reduce((sum, value, i) => sum + value * (matrix[3 * row + i] ?? 0), 0);
      return lab([0, 1, 2].map((row) => Math.min(1, Math.max(0, channel(row)))));
    });
    for (const [i, one] of seen.entries()) {
      for (const other of seen.slice(0, i)) {
        // A just noticeable difference is about 2.3.
        expect(Math.hypot(...one.map((value, axis) => value - (other[axis] ?? 0)))).toBeGreaterThan(10);
      }
    }
  });
});
