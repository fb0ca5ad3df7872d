/** The map (d, eps) -> status as a picture. */
import * as Plot from '@observablehq/plot';
import { COLOURS, picture } from '../plot.ts';
import type { GridPoint, GridStatus } from './grid.ts';

const COLOUR: Readonly<Record<GridStatus, string>> = {
  'proved optimal': COLOURS[0],
  refuted: COLOURS[1],
  open: '#c5ccd3',
};

/** One cell a grid point; refuted cells say how many times the conjecture's margin the better network has. */
export function conjectureMap(points: readonly GridPoint[]): string {
  const rows = points.map((point) => ({
    d: point.d,
    eps: decimal(point.eps),
    status: point.status,
    label: point.status === 'refuted' ? point.lower.share.toFixed(point.lower.share < 1.01 ? 4 : 2) : '',
  }));
  const radii = [...new Set(rows.map(({ eps }) => eps))].sort((a, b) => Number(a) - Number(b));
  const dimensions = [...new Set(rows.map(({ d }) => d))].sort((a, b) => a - b);
  return picture(
    'Where the robust conjecture, as reconstructed, holds',
    'Number: margin of the explicit network found / margin of the conjectured one. Every status in rigorous arithmetic. Blank: not run.',
    (['refuted', 'proved optimal', 'open'] as const).map((name) => ({ name, colour: COLOUR[name] })),
    {
      width: 1100,
      marginBottom: 46,
      height: 84 + 32 * dimensions.length,
      x: { type: 'band', domain: radii, label: 'eps', labelOffset: 38, padding: 0.04 },
      y: { type: 'band', domain: dimensions, label: 'd', padding: 0.04 },
      marks: [
        Plot.cell(rows, { x: 'eps', y: 'd', fill: ({ status }: { status: GridStatus }) => COLOUR[status] }),
        Plot.text(rows, { x: 'eps', y: 'd', text: 'label', fill: '#ffffff', fontSize: 11 }),
      ],
    },
  );
}

/** '7/20' as '0.35'. */
export function decimal(fraction: string): string {
  const [numerator = '0', denominator = '1'] = fraction.split('/');
  return String(Number(numerator) / Number(denominator));
}
