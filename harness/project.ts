/**
 * The project that attribench is used in: its root, its attribench.config.ts, and its cache folder.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { UsageError } from './errors.ts';

const CONFIG_NAMES = ['attribench.config.ts', 'attribench.config.js', 'attribench.config.mjs'];

/** What attribench.config.ts exports by default. */
export interface ProjectConfig {
  /** Module paths relative to the config file, or package specifiers. */
  readonly plugins?: readonly string[];
  /** Where records go, relative to the config file; './results' by default. */
  readonly results?: string;
}

/** Types a project's configuration. */
export function defineConfig(config: ProjectConfig): ProjectConfig {
  return config;
}

export interface Project {
  /** The folder of the config file; without one, the nearest folder upwards with a package.json. */
  readonly root: string;
  readonly config: string | undefined;
  /** The folder for records. */
  readonly results: string;
}

/** The root of the project that a folder belongs to, and its config file where there is one. */
export function locateProject(from: string): { readonly root: string; readonly config: string | undefined } {
  const folder = nearestFolderWith(CONFIG_NAMES, from);
  if (folder !== undefined) {
    return { root: folder, config: CONFIG_NAMES.map((name) => join(folder, name)).find((path) => existsSync(path)) };
  }
  return { root: nearestFolderWith(['package.json'], from) ?? from, config: undefined };
}

/** Where the project keeps what it built or computed, absolute: $ATTRIBENCH_HOME, else `.attribench` in its root. */
export function homeFolder(from: string = process.cwd()): string {
  const chosen = process.env.ATTRIBENCH_HOME;
  return chosen === undefined || chosen === ''
    ? join(locateProject(resolve(from)).root, '.attribench')
    : resolve(chosen);
}

/**
 * Refuses a module that Node reads as CommonJS, from which this package, made of ES modules, cannot be required.
 *
 * Errors: UsageError naming the file and the package.json that decides.
 */
export function requireModuleType(file: string): void {
  if (!/\.[jt]s$/.test(file)) return;
  const folder = nearestFolderWith(['package.json'], dirname(file));
  const manifest = folder === undefined ? undefined : join(folder, 'package.json');
  const { type } = manifest === undefined ? {} : (JSON.parse(readFileSync(manifest, 'utf8')) as { type?: string });
  if (type === 'module') return;
  const place = manifest ?? `a package.json beside it`;
  throw new UsageError(`[attribench] ${file} would be read as CommonJS: write "type": "module" into ${place}`);
}

/** A config file's default export, checked. Errors: UsageError naming file, field and value. */
export function checkConfig(settings: unknown, file: string): ProjectConfig {
  const wrong = (problem: string) => new UsageError(`[attribench] ${file}: ${problem}`);
  if (typeof settings !== 'object' || settings === null) throw wrong('expected a default export with "plugins"');
  for (const name of Object.keys(settings)) {
    if (name !== 'plugins' && name !== 'results') throw wrong(`"${name}" is unknown, expected "plugins" or "results"`);
  }
  const { plugins, results } = settings as ProjectConfig;
  if (plugins !== undefined && !(Array.isArray(plugins) && plugins.every((plugin) => typeof plugin === 'string'))) {
    throw wrong(`plugins is ${JSON.stringify(plugins)}, expected a list of module paths and package names`);
  }
  if (results !== undefined && typeof results !== 'string') {
    throw wrong(`results is ${JSON.stringify(results)}, expected a folder`);
  }
  return settings;
}

/** The first folder from `from` upwards that holds one of the names. */
function nearestFolderWith(names: readonly string[], from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    if (names.some((name) => existsSync(join(folder, name)))) return folder;
    if (dirname(folder) === folder) return undefined;
  }
}
