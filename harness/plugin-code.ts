/**
 * The hash of a plugin's code: what it bundles to, with packages and the harness left outside.
 *
 * Comments and formatting do not count; a change in any local file that a plugin imports does.
 */
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin as EsbuildPlugin } from 'esbuild';
import { sha256 } from './fingerprint.ts';

const harness = fileURLToPath(new URL('./', import.meta.url));
/** Where bundles would be written. */
const OUT = join(harness, 'bundled');

const harnessOutside: EsbuildPlugin = {
  name: 'harness-outside',
  setup(bundler) {
    bundler.onResolve({ filter: /^\.{1,2}\// }, async ({ path, resolveDir, kind, pluginData }) => {
      if (pluginData === 'resolving') return null;
      const found = await bundler.resolve(path, { resolveDir, kind, pluginData: 'resolving' });
      if (!found.path.startsWith(harness)) return found;
      // Relative to the harness: an absolute path would put the machine into the hash.
      return { path: `harness:${found.path.slice(harness.length).split(sep).join('/')}`, external: true };
    });
  },
};

/** SHA-256 of the bundled code of each module, by the module's URL. Modules are file: URLs. */
export async function hashCode(modules: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const distinct = [...new Set(modules)];
  if (distinct.length === 0) return new Map();
  // All in one call: what several import is read once.
  const { outputFiles } = await build({
    entryPoints: distinct.map((module, i) => ({ in: fileURLToPath(module), out: String(i) })),
    outdir: OUT,
    absWorkingDir: harness,
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
    logLevel: 'silent',
    plugins: [harnessOutside],
  });
  const bundled = new Map(outputFiles.map(({ path, contents }) => [path, sha256(contents)]));
  return new Map(distinct.map((module, i) => [module, bundled.get(join(OUT, `${i}.js`)) as string]));
}
