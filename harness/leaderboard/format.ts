/**
 * Numbers, verdicts and foreign text as the pages and the terminal show them.
 */
import type { Measure, Verdict } from '../contracts.ts';

export const VERDICT_SIGN: { readonly [V in Verdict]: string } = { pass: '✓', fail: '✗', undecided: '?' };

/** What a value is multiplied by where it is shown: shares and accuracies are shown in %. */
export function unitScale(unit: Measure['unit']): 1 | 100 {
  return unit === 'share' || unit === 'accuracy' ? 100 : 1;
}

/** The unit behind a number: ' %' for shares and accuracies. */
export function unitSuffix(unit: Measure['unit']): string {
  return unitScale(unit) === 100 ? ' %' : '';
}

/** A number to the digits that its unit deserves, without the unit. */
export function formatValue(value: number, unit: Measure['unit']): string {
  const text = digits(value, unit);
  return /^-[0.]+$/.test(text) ? text.slice(1) : text;
}

function digits(value: number, unit: Measure['unit']): string {
  switch (unit) {
    case 'share':
    case 'accuracy':
      return (100 * value).toFixed(1);
    case 'ratio':
      return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
    case 'correlation':
      return value.toFixed(3);
    case 'count':
      return Number.isInteger(value) ? String(value) : value.toFixed(1);
    case 'logit':
      return value.toFixed(2);
  }
}

/** Estimate and interval: `45.9 [43.1, 48.7]`; '–' where there is no estimate. */
export function formatMeasure({ estimate, interval, unit }: Measure): string {
  if (estimate === null) return '–';
  const value = formatValue(estimate, unit);
  return interval === null ? value : `${value} [${interval.map((end) => formatValue(end, unit)).join(', ')}]`;
}

/** What a measure's number means: unit, direction, chance and ideal value. */
export function describeMeasure({ id, unit, better, chance, ideal }: Measure): string {
  const inUnit = (value: number) => formatValue(value, unit) + unitSuffix(unit);
  return [
    unitScale(unit) === 100 ? `${id} in %` : id,
    ...(better === 'none' ? [] : [`${better} is better`]),
    ...(chance === null ? [] : [`chance ${inUnit(chance)}`]),
    ...(ideal === null ? [] : [`ideal ${inUnit(ideal)}`]),
  ].join(', ');
}

/** `5`, or `4 of 5` where trainings were left out. */
export function formatCount({ replicates }: Measure): string {
  const planned = new Set(replicates.map(({ training }) => training)).size;
  const valid = new Set(replicates.flatMap(({ training, value }) => (value === null ? [] : [training]))).size;
  return valid === planned ? String(planned) : `${valid} of ${planned}`;
}

/** Text on one line, without control characters. */
export function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').trim();
}

/** Text that Markdown and HTML show as it is inside a line, also in a table. */
export function markdownText(text: string): string {
  return htmlText(oneLine(text)).replace(/[\\`*_[\]|~$]/g, (sign) => `\\${sign}`);
}

/** Text for HTML and SVG. */
export function htmlText(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return oneLine(text).replace(/[&<>"']/g, (sign) => entities[sign] ?? sign);
}

/** A relative path as a Markdown link's target. */
export function linkTarget(path: string): string {
  return path
    .split('/')
    .map((part) =>
      encodeURIComponent(part).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`),
    )
    .join('/');
}

/** `['a', 'b', 'c']` -> `a, b and c`. */
export function listText(parts: readonly string[]): string {
  const last = parts.at(-1) ?? '';
  return parts.length < 2 ? last : `${parts.slice(0, -1).join(', ')} and ${last}`;
}
