/**
 * Records on disk: two files a cell, written atomically, read back in one order on every machine.
 *
 * `<path>.json` holds what is compared byte for byte, `<path>.run.json` where and when it was made.
 * Both are canonical: keys sorted, short values on one line, a newline at the end.
 */
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { Cell, CellRecord, Json, Parameters, ResolvedPlugin, RunInformation } from '../contracts.ts';
import { asError, UsageError } from '../errors.ts';
import { canonicalJson, fingerprint } from '../fingerprint.ts';

/** Loaded with the first record: its library takes longer to load than a plan to make. */
const schema = () => import('./schema.ts');

/** A record where it was found. */
export interface StoredRecord {
  /** Under the results folder, with `/` and without extension: `standard/null-block-leakage/...`. */
  readonly path: string;
  /** The path's first folder. */
  readonly profile: string;
  readonly record: CellRecord;
  /** null where the run file is absent or belongs to another record of this cell. */
  readonly run: RunInformation | null;
}

/** The default parameters of a plugin by the cell's part and id; undefined for an unknown one. */
export type Defaults = (part: keyof Cell, id: string) => Parameters | undefined;

const SCHEMA_FOLDER = 'schema';
/** Folders beside the profiles' that hold no records of cells: the schemas, what studies leave, what was planted, and what was timed. */
const OTHER_FOLDERS: ReadonlySet<string> = new Set([SCHEMA_FOLDER, 'theory', 'diffroar', 'performance']);
const LINE = 100;
const LONGEST_VARIANT = 60;

/** A string that cannot be taken for a number, a boolean or null. */
const WORD = /^(?!(?:true|false|null)$)[a-z][a-z0-9-]*$/;

/**
 * Where a cell's files go: `<profile>/<check>/<dataset>/<model>--<training>/<method>`, no extension.
 *
 * Checks of the model alone end in `model`. Parameters that differ from the defaults follow the id:
 * `blockmnist+digits=2,4`.
 */
export function recordPath(profile: string, cell: Cell, defaults: Defaults): string {
  const part = (name: keyof Cell, plugin: ResolvedPlugin) =>
    `${plugin.id.replaceAll('/', '~')}${variant(plugin.parameters, defaults(name, plugin.id) ?? {})}`;
  const { check, dataset, model, training, method } = cell;
  const trained = `${part('model', model)}--${part('training', training)}`;
  const last = method === null ? 'model' : part('method', method);
  return [profile, part('check', check), part('dataset', dataset), trained, last].join('/');
}

/**
 * What tells these parameters from the defaults, as `+name=value` parts in order of name; '' for none.
 *
 * Values that do not read well in a file's name become a hash.
 */
export function variant(parameters: Parameters, defaults: Parameters): string {
  const differing = Object.entries(parameters)
    .filter(([name, value]) => !(name in defaults) || canonicalJson(value) !== canonicalJson(defaults[name]))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const readable = differing.map(([name, value]) => `+${name}=${shortValue(value)}`).join('');
  const plain = differing.every(([name, value]) => /^[\w-]+$/.test(name) && shortValue(value) !== undefined);
  if (plain && readable.length <= LONGEST_VARIANT) return readable;
  return `+${fingerprint(Object.fromEntries(differing)).slice(0, 12)}`;
}

/** A number, a word or a flat list of them; undefined for anything else. */
function shortValue(value: Json): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value);
  if (typeof value === 'string') return WORD.test(value) ? value : undefined;
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const parts = value.map((part: Json) => (Array.isArray(part) ? undefined : shortValue(part)));
  return parts.every((part) => part !== undefined) ? parts.join(',') : undefined;
}

/** Writes a cell's two files, replacing others; a record that stands there byte for byte is left alone. Errors: UsageError for what the schema refuses. */
export async function writeRecord(
  folder: string,
  path: string,
  record: CellRecord,
  run: RunInformation,
): Promise<void> {
  const recordFile = join(folder, `${path}.json`);
  const runFile = join(folder, `${path}.run.json`);
  const { parseRecord, parseRun } = await schema();
  const checkedRecord = parseRecord(record, recordFile);
  const checkedRun = parseRun(run, runFile);
  if (run.key !== record.key) {
    throw new UsageError(`[attribench] ${runFile}: key is "${run.key}", expected the record's, "${record.key}"`);
  }
  const text = canonicalText(checkedRecord);
  if (await standsThere(recordFile, text, runFile)) return;
  await makeFolder(dirname(recordFile), folder);
  // The run first: a kill in between leaves a run of another key, which readers pass over.
  await writeFileAtomic(runFile, canonicalText(checkedRun));
  await writeFileAtomic(recordFile, text);
}

async function makeFolder(path: string, results: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (cause) {
    throw new UsageError(`[attribench] results: cannot write to the folder ${results} (${asError(cause).message})`, {
      cause,
    });
  }
}

/** Whether this very record is there with its run file: then where and when it was made stays as it is. */
async function standsThere(recordFile: string, text: string, runFile: string): Promise<boolean> {
  const read = (file: string) => readFile(file, 'utf8').catch(() => undefined);
  return (await read(recordFile)) === text && (await read(runFile)) !== undefined;
}

/**
 * All records below a folder, in order of path; none where the folder is absent.
 *
 * Errors: UsageError naming the first file and field that is not as the schema says.
 */
export async function readRecords(folder: string): Promise<readonly StoredRecord[]> {
  const files = new Set(await jsonFiles(folder));
  const { parseRecord, parseRun } = await schema();
  const paths = [...files].filter((file) => !file.endsWith('.run.json')).map((file) => file.slice(0, -'.json'.length));
  const stored: StoredRecord[] = [];
  for (const path of paths.sort()) {
    const [profile = ''] = path.split('/');
    const file = `${path}.json`;
    const record = parseRecord(await readJson(folder, file), join(folder, file));
    const runFile = `${path}.run.json`;
    const run = files.has(runFile) ? parseRun(await readJson(folder, runFile), join(folder, runFile)) : null;
    stored.push({ path, profile, record, run: run?.key === record.key ? run : null });
  }
  return stored;
}

/** Writes the JSON Schemas of the two files under `<folder>/schema`. */
export async function writeSchemas(folder: string): Promise<void> {
  const { jsonSchemas } = await schema();
  await mkdir(join(folder, SCHEMA_FOLDER), { recursive: true });
  for (const [name, schema] of Object.entries(jsonSchemas())) {
    await writeFileAtomic(join(folder, SCHEMA_FOLDER, name), canonicalText(schema));
  }
}

/** JSON with sorted keys, two spaces a level, one line for what fits on it, and a newline at the end. */
export function canonicalText(value: unknown): string {
  return `${pretty(JSON.parse(canonicalJson(value)), 0)}\n`;
}

function pretty(value: Json, indent: number): string {
  const flat = oneLine(value);
  if (typeof value !== 'object' || value === null || indent + flat.length <= LINE) return flat;
  const inner = ' '.repeat(indent + 2);
  const [open, close, lines] = isList(value)
    ? ['[', ']', value.map((part) => pretty(part, indent + 2))]
    : ['{', '}', Object.entries(value).map(([name, part]) => `${JSON.stringify(name)}: ${pretty(part, indent + 2)}`)];
  return `${open}\n${lines.map((line) => inner + line).join(',\n')}\n${' '.repeat(indent)}${close}`;
}

function oneLine(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (isList(value)) return `[${value.map(oneLine).join(', ')}]`;
  const fields = Object.entries(value).map(([name, part]) => `${JSON.stringify(name)}: ${oneLine(part)}`);
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** Paths of the .json files inside profile folders, with `/`. */
async function jsonFiles(folder: string): Promise<string[]> {
  const walk = async (below: string): Promise<string[]> => {
    const entries = await readdir(join(folder, below), { withFileTypes: true });
    const found = entries.map((entry) => {
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) return OTHER_FOLDERS.has(path) ? [] : walk(path);
      return below !== '' && entry.name.endsWith('.json') ? [path] : [];
    });
    return (await Promise.all(found)).flat();
  };
  try {
    return await walk('');
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return [];
    throw thrown;
  }
}

async function readJson(folder: string, path: string): Promise<unknown> {
  const file = join(folder, path);
  const content = await readFile(file, 'utf8');
  try {
    return JSON.parse(content);
  } catch (cause) {
    throw new UsageError(`[attribench] ${file}: is not JSON: ${asError(cause).message}`, { cause });
  }
}
