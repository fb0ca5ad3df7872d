/**
 * Finding plugins: files in the rooms of this package, and what a project's attribench.config.ts lists.
 *
 * No file lists plugins by hand. A plugin of this package is a file `<room>/<id>.ts` with a default
 * export; a project's plugins are module paths or package specifiers. Ids from packages read
 * `package/id`. Two plugins of one kind with one id are an error that names both files.
 */
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { distance } from 'fastest-levenshtein';
import type { PluginKind, PluginReference } from './contracts.ts';
import type { Plugin } from './define.ts';
import { asError, UsageError } from './errors.ts';
import { hashCode } from './plugin-code.ts';
import { checkConfig, locateProject, type Project, requireModuleType } from './project.ts';

/** Where each kind of plugin lives, under the package's root. */
const ROOMS: { readonly [K in PluginKind]: string } = {
  method: 'methods',
  model: 'models',
  training: 'models/trainings',
  dataset: 'datasets',
  check: 'benchmarks/checks',
  profile: 'benchmarks/profiles',
};

const KINDS = Object.keys(ROOMS) as PluginKind[];

/** `.ts` in the repository, `.js` in the packed package: the extension of the running file. */
const EXTENSION = import.meta.url.endsWith('.ts') ? '.ts' : '.js';

/** The folder that holds harness/, methods/ and the other rooms. */
export const packageRoot = fileURLToPath(new URL('../', import.meta.url));

type PluginOfKind<K extends PluginKind> = Extract<Plugin, { readonly kind: K }>;

export interface FoundPlugin<T extends Plugin = Plugin> {
  readonly plugin: T;
  /** The id in this registry: `package/id` for plugins from packages. */
  readonly id: string;
  readonly reference: PluginReference;
  /** For messages: a path or a package specifier. */
  readonly file: string;
  /** True for a plugin of the project, false for one of this package. */
  readonly fromProject: boolean;
}

interface Candidate {
  readonly plugin: Plugin;
  readonly id: string;
  readonly module: string;
  readonly export: string;
  readonly file: string;
  readonly fromProject: boolean;
}

export class Registry {
  readonly project: Project;
  readonly #found: ReadonlyMap<string, FoundPlugin>;

  private constructor(project: Project, found: ReadonlyMap<string, FoundPlugin>) {
    this.project = project;
    this.#found = found;
  }

  /** All plugins seen from a folder (the working folder by default). Errors: UsageError naming file and cause. */
  static async load(options: { readonly from?: string } = {}): Promise<Registry> {
    const { project, plugins } = await readProject(resolve(options.from ?? process.cwd()));
    const files = ownFiles();
    // At the same time, since another process hashes; what cannot be imported is told first, by its own sentence.
    const hashed = hashCode([...files, ...plugins].map(({ module }) => module));
    hashed.catch(() => {});
    const candidates = [...(await importOwn(files)), ...plugins];
    const seen = new Map<string, Candidate>();
    for (const candidate of candidates) {
      const name = `${candidate.plugin.kind} ${candidate.id}`;
      const other = seen.get(name);
      if (other !== undefined) {
        throw new UsageError(
          `[attribench] ${candidate.plugin.kind} "${candidate.id}" is defined twice: in ${other.file} and in ${candidate.file}`,
        );
      }
      seen.set(name, candidate);
    }
    const codes = await hashed;
    const found = new Map<string, FoundPlugin>();
    for (const [name, { plugin, id, module, export: exportName, file, fromProject }] of seen) {
      const code = codes.get(module) as string;
      const reference = { kind: plugin.kind, id, revision: plugin.revision, module, export: exportName, code };
      found.set(name, { plugin, id, reference, file, fromProject });
    }
    return new Registry(project, found);
  }

  /** All plugins of a kind, by id. */
  all<K extends PluginKind>(kind: K): readonly FoundPlugin<PluginOfKind<K>>[] {
    return [...this.#found.values()]
      .filter((found): found is FoundPlugin<PluginOfKind<K>> => found.plugin.kind === kind)
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** The plugin of a kind with an id. Errors: UsageError that suggests the nearest known id. */
  find<K extends PluginKind>(kind: K, id: string): FoundPlugin<PluginOfKind<K>> {
    const found = this.#found.get(`${kind} ${id}`);
    if (found !== undefined) return found as FoundPlugin<PluginOfKind<K>>;
    const known = this.all(kind).map((other) => other.id);
    const nearest = nearestName(id, known);
    const hint = nearest === undefined ? `known: ${known.join(', ') || 'none'}` : `did you mean "${nearest}"?`;
    throw new UsageError(`[attribench] ${kind} "${id}" is unknown; ${hint}`);
  }
}

/** The candidate with the fewest edits from a name, where it is near enough to be meant. */
export function nearestName(name: string, candidates: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let edits = Math.max(2, Math.ceil(name.length * 0.4)) + 1;
  for (const candidate of candidates) {
    const d = distance(name, candidate);
    if (d < edits) {
      edits = d;
      nearest = candidate;
    }
  }
  return nearest;
}

/**
 * Imports the plugin that a reference names.
 *
 * Errors: one sentence with the import's own error as cause; UsageError where the code is not the one
 * that was planned with, since what it computes would be kept under the other code's key.
 */
export async function importPlugin(reference: PluginReference): Promise<Plugin> {
  await refuseChangedCode(reference);
  const module = await importModule(reference.module, `${reference.kind} "${reference.id}"`);
  const plugin = module[reference.export];
  if (!isPlugin(plugin) || plugin.kind !== reference.kind) {
    throw new UsageError(
      `[attribench] ${reference.module}: export "${reference.export}" is not a ${reference.kind} any more`,
    );
  }
  return plugin;
}

function isPlugin(value: unknown): value is Plugin {
  return typeof value === 'object' && value !== null && 'kind' in value && KINDS.includes(value.kind as PluginKind);
}

/** Module URLs with the code that this process has imported, or is about to. */
const imported = new Map<string, Promise<string | undefined>>();

async function refuseChangedCode({ kind, id, module, code }: PluginReference): Promise<void> {
  let here = imported.get(module);
  if (here === undefined) {
    here = hashCode([module]).then((codes) => codes.get(module));
    imported.set(module, here);
  }
  if ((await here) !== code) {
    throw new UsageError(`[attribench] ${kind} "${id}": its code changed after the run was planned; run again`);
  }
}

let loaderRegistered = false;

/** Imports a module; where the harness runs as JavaScript, TypeScript plugins get a loader first. */
async function importModule(url: string, whose: string): Promise<Record<string, unknown>> {
  if (EXTENSION === '.js' && url.endsWith('.ts') && !loaderRegistered) {
    loaderRegistered = true;
    const { register } = await import('tsx/esm/api');
    register();
  }
  try {
    return (await import(url)) as Record<string, unknown>;
  } catch (thrown) {
    const cause = asError(thrown);
    if (cause.name === 'UsageError') throw cause;
    throw new UsageError(`[attribench] ${whose} could not be imported from ${url}: ${cause.message}`, { cause });
  }
}

interface PluginFile {
  readonly kind: PluginKind;
  readonly id: string;
  readonly path: string;
  readonly module: string;
}

/** The plugins of this package by their files. */
function ownFiles(): readonly PluginFile[] {
  return KINDS.flatMap((kind) => {
    const folder = join(packageRoot, ROOMS[kind]);
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
      .filter((name) => name.endsWith(EXTENSION) && !/\.(test|bench|d|property|slow)\.[tj]s$/.test(name))
      .sort()
      .map((name) => {
        const path = join(folder, name);
        return { kind, id: name.slice(0, -EXTENSION.length), path, module: pathToFileURL(path).href };
      });
  });
}

function importOwn(files: readonly PluginFile[]): Promise<Candidate[]> {
  return Promise.all(
    files.map(async ({ kind, id, path, module }) => {
      const plugin = (await importModule(module, `${kind} "${id}"`)).default;
      if (!isPlugin(plugin) || plugin.kind !== kind) {
        throw new UsageError(`[attribench] ${path}: expected the default export to be a ${kind}`);
      }
      if (plugin.id !== id) {
        throw new UsageError(`[attribench] ${path}: id is "${plugin.id}", expected the file's name, "${id}"`);
      }
      return { plugin, id, module, export: 'default', file: path, fromProject: false };
    }),
  );
}

async function readProject(from: string): Promise<{ project: Project; plugins: Candidate[] }> {
  const { root, config } = locateProject(from);
  if (config === undefined) return { project: { root, config, results: join(root, 'results') }, plugins: [] };
  requireModuleType(config);
  const settings = (await importModule(pathToFileURL(config).href, 'the configuration')).default;
  const { plugins = [], results = './results' } = checkConfig(settings, config);
  const candidates = await Promise.all(plugins.map((specifier) => projectPlugins(specifier, root, config)));
  return { project: { root, config, results: resolve(root, results) }, plugins: candidates.flat() };
}

async function projectPlugins(specifier: string, root: string, config: string): Promise<Candidate[]> {
  const isPath = /^(\.{0,2}\/|file:)/.test(specifier);
  const module = isPath ? new URL(specifier, pathToFileURL(`${root}/`)).href : packageUrl(specifier, config);
  if (isPath) requireModuleType(fileURLToPath(module));
  const exported = Object.entries(await importModule(module, `plugin ${specifier}`)).filter(([, value]) =>
    isPlugin(value),
  );
  if (exported.length === 0) throw new UsageError(`[attribench] ${config}: ${specifier} exports no plugin`);
  const plugins = new Map<Plugin, string>();
  for (const [name, value] of exported) if (!plugins.has(value as Plugin)) plugins.set(value as Plugin, name);
  return [...plugins].map(([plugin, name]) => ({
    plugin,
    id: isPath ? plugin.id : `${specifier}/${plugin.id}`,
    module,
    export: name,
    file: isPath ? fileURLToPath(module) : specifier,
    fromProject: true,
  }));
}

/** Resolves as the project would; packages without a CommonJS entry are looked up from here instead. */
function packageUrl(specifier: string, config: string): string {
  try {
    return pathToFileURL(createRequire(config).resolve(specifier)).href;
  } catch {
    try {
      return import.meta.resolve(specifier);
    } catch (cause) {
      throw new UsageError(`[attribench] ${config}: package "${specifier}" was not found`, { cause });
    }
  }
}
