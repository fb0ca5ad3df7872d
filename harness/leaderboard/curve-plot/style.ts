/** Colours, symbols and dashes of the curves, and what they stand for. */
import { INK } from '../svg.ts';

/** At least 3 to 1 against white, and apart for every kind of colour vision; series differ by shape as well. */
export const COLOURS = ['#0063a5', '#d55e00', '#00966c', '#1f2933', '#b23ce0', '#6b2a10', '#948f94'] as const;
const SYMBOLS = ['circle', 'square', 'triangle', 'diamond', 'star', 'wye', 'cross', 'hexagon'] as const;
/** Of a panel's first, second and third line. */
export const DASHES = [undefined, '5,3', '1.5,3'] as const;
export const REFERENCE_DASH = '1,3';
export const CHANCE_DASH = '4,3';

export function colourOf(series: number): string {
  return COLOURS[series % COLOURS.length] ?? INK;
}

/** Seven colours and eight shapes: 56 series before two share both. */
export function symbolOf(series: number): (typeof SYMBOLS)[number] {
  return SYMBOLS[series % SYMBOLS.length] ?? 'circle';
}

export function dashed(dash: string | undefined): { readonly strokeDasharray?: string } {
  return dash === undefined ? {} : { strokeDasharray: dash };
}
