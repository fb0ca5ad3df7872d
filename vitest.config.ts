import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^attribench$/, replacement: source('./harness/index.ts') },
      { find: /^attribench\/vitest$/, replacement: source('./harness/vitest/index.ts') },
    ],
  },
  test: {
    pool: 'forks',
    include: ['**/*.test.ts'],
    exclude: ['**/node_modules/**', 'build/**', '**/*.slow.test.ts'],
    testTimeout: 30_000,
    benchmark: { include: ['benchmarks/*.bench.ts'], reporters: [source('./harness/vitest/reporter.ts')] },
  },
});
