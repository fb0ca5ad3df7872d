import { configDefaults, defineConfig } from 'vitest/config';
import quick from './vitest.config.ts';

/** The tests that take minutes: kills, the packed tarball, the native engine. One file at a time. */
export default defineConfig({
  ...quick,
  test: {
    ...quick.test,
    include: ['**/*.slow.test.ts'],
    exclude: [...configDefaults.exclude, 'build/**'],
    fileParallelism: false,
    testTimeout: 10 * 60_000,
    hookTimeout: 10 * 60_000,
  },
});
