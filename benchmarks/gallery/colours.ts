/**
 * One colour scale for maps: white at zero, darker with strength, warm for positive and blue for negative.
 *
 * Lightness alone tells the strength, and warm against blue stays apart in the common kinds of colour
 * blindness. A map that ranks by magnitude uses the warm half only.
 */
export type Colour = readonly [red: number, green: number, blue: number];

const WARM: readonly Colour[] = [
  [255, 255, 255],
  [253, 212, 138],
  [236, 122, 52],
  [166, 40, 78],
  [48, 12, 62],
];
const BLUE: readonly Colour[] = [
  [255, 255, 255],
  [176, 213, 242],
  [92, 155, 213],
  [32, 88, 168],
  [8, 29, 88],
];
/** Few steps keep the picture small; the eye does not tell more apart in a map this size. */
const STEPS = 48;

/** The colour of a value in [-1, 1]; beyond that, of the nearest end. */
export function mapColour(value: number): Colour {
  const strength = Math.round(Math.min(1, Math.abs(value)) * STEPS) / STEPS;
  return interpolate(value < 0 ? BLUE : WARM, strength);
}

/** The grey of a pixel in [0, 1], white for 1. */
export function grey(value: number): Colour {
  const level = Math.round(255 * Math.min(1, Math.max(0, value)));
  return [level, level, level];
}

function interpolate(stops: readonly Colour[], share: number): Colour {
  const place = share * (stops.length - 1);
  const below = Math.min(Math.floor(place), stops.length - 2);
  const [from, to] = [stops[below] ?? stops[0], stops[below + 1] ?? stops[0]] as const;
  const mix = (channel: 0 | 1 | 2) =>
    Math.round((from?.[channel] ?? 0) + (place - below) * ((to?.[channel] ?? 0) - (from?.[channel] ?? 0)));
  return [mix(0), mix(1), mix(2)];
}
