/** Where this project keeps what it built or computed: ATTRIBENCH_HOME, or `.attribench` in the project. */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const MARKS = ['attribench.config.ts', 'attribench.config.js', 'attribench.config.mjs', 'package.json'];

/** The cache folder, absolute; the project is the nearest folder upwards with a config file or a package.json. */
export function homeFolder(from: string = process.cwd()): string {
  const chosen = process.env.ATTRIBENCH_HOME;
  if (chosen !== undefined && chosen !== '') return resolve(chosen);
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    if (MARKS.some((mark) => existsSync(join(folder, mark)))) return join(folder, '.attribench');
    if (folder === dirname(folder)) return resolve(from, '.attribench');
  }
}
