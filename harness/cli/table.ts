/** Plain tables: columns padded to their widest entry, two spaces between, no trailing blanks. */

/** Rows under a head; numbers are aligned right. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const text = rows.map((row) => row.map(String));
  const widths = head.map((name, column) => Math.max(name.length, ...text.map((row) => row[column]?.length ?? 0)));
  const right = head.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'));
  const line = (row: readonly string[]) =>
    row
      .map((entry, column) => (right[column] ? entry.padStart(widths[column] ?? 0) : entry.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd();
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...text.map(line)].join('\n');
}

/** Seconds in the coarsest units that say something: '40 s', '12 min', '3 h 20 min'. */
export function duration(seconds: number): string {
  if (seconds < 99.5) return `${seconds < 9.95 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 100) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Bytes in binary units: '640 B', '12.5 MiB'. */
export function byteSize(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let size = bytes;
  let unit = 0;
  while (size >= 1023.5 && unit < units.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${unit === 0 || size >= 99.5 ? Math.round(size) : size.toFixed(1)} ${units[unit]}`;
}

/** JSON as commands print it. */
export function json(value: unknown): string {
  return JSON.stringify(value, null, 2);
}
