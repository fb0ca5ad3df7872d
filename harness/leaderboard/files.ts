/**
 * The leaderboard: a pure function of records, catalogue and claims. Reading and writing is the caller's.
 */
import type { StoredRecord } from '../results/records.ts';
import type { Catalogue } from './catalogue.ts';
import type { ClaimResult } from './claims.ts';
import { renderCurves } from './curve-plot.ts';
import { curvesPath, curveViews } from './curves.ts';
import { renderMarkdown } from './markdown.ts';
import { overviews } from './overview.ts';
import { plotPath, renderPlot } from './plot.ts';
import { standings } from './standings.ts';

/** All files of the leaderboard by path under the results folder: README.md and its pictures. */
export function leaderboardFiles(
  records: readonly StoredRecord[],
  catalogue: Catalogue,
  claims: readonly ClaimResult[] = [],
): ReadonlyMap<string, string> {
  const tables = standings(records, catalogue);
  const pictures = overviews(tables).flatMap((view) => {
    const svg = renderPlot(view);
    return svg === undefined ? [] : [[plotPath(view), svg] as const];
  });
  const curves = curveViews(tables).map((view) => [curvesPath(view), renderCurves(view)] as const);
  return new Map([['README.md', renderMarkdown(tables, claims)], ...pictures, ...curves]);
}
