/** The repository's own text files, for tests that read them. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../plugins.ts';

/** Paths below the repository's root, with `/`: what git tracks, and what it would if it were added. */
export function sourceFiles(): readonly string[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: packageRoot,
    encoding: 'utf8',
  });
  return listed.split('\0').filter((path) => path !== '' && existsSync(join(packageRoot, path)));
}
