/**
 * `npm run pack`: the package that users install, from the sources.
 *
 * A staging folder, build/package, gets the rooms compiled to JavaScript in the same layout, with their
 * declarations, the other files that they read, the committed records and a package.json whose entries
 * point at the JavaScript. The repository itself has no compiled files. Prints the tarball's path.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOMS = ['harness', 'methods', 'models', 'datasets', 'theory', 'benchmarks'];
const FILES = ['bin', 'README.md', 'CONTRIBUTING.md', 'LICENSE'];

const root = fileURLToPath(new URL('../', import.meta.url));
const build = join(root, 'build');
const staging = join(build, 'package');

rmSync(staging, { recursive: true, force: true });
mkdirSync(staging, { recursive: true });
const compiler = ['node_modules/typescript-7/bin/tsc', '-p', 'scripts/tsconfig.package.json'];
if (spawnSync(process.execPath, compiler, { cwd: root, stdio: 'inherit' }).status !== 0) process.exit(1);
for (const file of FILES) cpSync(join(root, file), join(staging, file), { recursive: true });
for (const path of tracked(ROOMS).filter((path) => !/(?<!\.d)\.ts$|(^|\/)fixtures\//.test(path))) copy(path);
for (const path of tracked(['results'])) copy(path);
writeFileSync(join(staging, 'package.json'), `${JSON.stringify(manifest(), null, 2)}\n`);

const packed = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', build, staging])) as [
  { filename: string },
];
console.log(join(build, packed[0].filename));

function run(program: string, args: readonly string[]): string {
  return execFileSync(program, args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Files below some folders that git knows, or would know. */
function tracked(folders: readonly string[]): string[] {
  const list = run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', ...folders]);
  return list
    .split('\0')
    .filter((path) => path !== '' && readdirSync(join(root, dirname(path))).includes(path.split('/').at(-1) ?? ''));
}

function copy(path: string): void {
  mkdirSync(join(staging, dirname(path)), { recursive: true });
  cpSync(join(root, path), join(staging, path));
}

/** The repository's package.json without what only the repository needs, pointing at JavaScript. */
function manifest(): object {
  const {
    devDependencies: _,
    scripts: __,
    overrides: ___,
    exports,
    ...kept
  } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly exports: { readonly [entry: string]: string };
  } & { readonly [field: string]: unknown };
  const compiled = Object.entries(exports).map(([entry, path]) => {
    if (!path.endsWith('.ts')) return [entry, path];
    const base = path.slice(0, -'.ts'.length);
    return [entry, { types: `${base}.d.ts`, default: `${base}.js` }];
  });
  return { ...kept, exports: Object.fromEntries(compiled) };
}
