/** `attribench new method <id>`: a plugin, its test and its bench file, which run as they are. */
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { Command } from 'commander';
import { UsageError } from '../errors.ts';
import type { Io } from './io.ts';

const KEBAB = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

export function addNew(program: Command, io: Io): void {
  const make = program.command('new').description('Write the files of a new plugin.');
  make
    .command('method')
    .description('Write a method, its test and its bench file; all three run as they are.')
    .argument('<id>', 'in kebab-case, such as guided-gradient')
    .action(async (id: string) => {
      if (!KEBAB.test(id)) {
        const wanted = id
          .toLowerCase()
          .replace(/[^a-z0-9]+/g, '-')
          .replace(/^[-0-9]+|-+$/g, '');
        const hint = KEBAB.test(wanted) ? `, such as "${wanted}"` : '';
        throw new UsageError(`[attribench] new method: id is ${JSON.stringify(id)}, expected kebab-case${hint}`);
      }
      const { packageRoot, Registry } = await import('../plugins.ts');
      const registry = await Registry.load({ from: io.cwd });
      const taken = registry.all('method').find((found) => found.id === id);
      if (taken !== undefined) throw new UsageError(`[attribench] method "${id}" exists already: ${taken.file}`);
      const { root, config } = registry.project;
      const files = methodFiles(id);
      const present = Object.keys(files).find((path) => existsSync(join(root, path)));
      if (present !== undefined) throw new UsageError(`[attribench] ${join(root, present)} exists already`);
      for (const [path, text] of Object.entries(files)) {
        await mkdir(dirname(join(root, path)), { recursive: true });
        await writeFile(join(root, path), text, { flag: 'wx' });
        io.out(`wrote ${relative(io.cwd, join(root, path))}`);
      }
      // The plugins of this package are found by their folder, and their output is pinned; those of a project are listed.
      const isOwn = relative(packageRoot, root) === '';
      if (!isOwn) await listInConfig(config ?? join(root, 'attribench.config.ts'), id, io);
      const pin = isOwn ? '\nATTRIBENCH_PIN=1 npx vitest run methods/revisions.test.ts' : '';
      io.out(`\nnpx vitest run methods/${id}.test.ts\nnpx vitest bench benchmarks/${id}.bench.ts${pin}`);
    });
}

/** Adds the method to the project's configuration, or says how where the file is not of the usual form. */
async function listInConfig(config: string, id: string, io: Io): Promise<void> {
  const entry = `'./methods/${id}.ts'`;
  if (!existsSync(config)) {
    await writeFile(
      config,
      `import { defineConfig } from 'attribench';\n\nexport default defineConfig({\n  plugins: [${entry}],\n});\n`,
    );
    io.out(`wrote ${relative(io.cwd, config)}`);
    return;
  }
  const text = await readFile(config, 'utf8');
  const list = /\bplugins:\s*\[(?=\s*(['"\]]))/;
  const changed = text.replace(list, (start, next: string) => `${start}${entry}${next === ']' ? '' : ', '}`);
  if (changed === text) {
    io.out(`add ${entry} to the plugins in ${relative(io.cwd, config)}`);
    return;
  }
  await writeFile(config, changed);
  io.out(`listed it in ${relative(io.cwd, config)}`);
}

/** The files of a method, by path below the project's root. */
export function methodFiles(id: string): { readonly [path: string]: string } {
  const words = id.replaceAll('-', ' ');
  const title = `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
  return {
    [`methods/${id}.ts`]: `import { classLogit, defineMethod } from 'attribench';

/** ${title}: what each entry of the map says, its shape and its unit, in one sentence. */
export default defineMethod({
  id: '${id}',
  title: '${title}',
  cite: 'Authors, "Title", venue and year, section or equation',
  revision: 1,
  needs: ['gradient'],
  rank: 'magnitude',
  attribute: ({ network, images, classes }) => network.inputGradient(images, classLogit(classes)),
});
`,
    [`methods/${id}.test.ts`]: `import { conformance } from 'attribench/vitest';
import method from './${id}.ts';

conformance(method);
`,
    [`benchmarks/${id}.bench.ts`]: `import { attributionSuite } from 'attribench/vitest';

// The method beside two that mark the scale: the plain gradient, and maps that know nothing.
await attributionSuite({ profile: 'quick', methods: ['${id}', 'input-gradient', 'random'] });
`,
  };
}
