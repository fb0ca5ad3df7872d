import { existsSync, readdirSync } from 'node:fs';
import type { Profile } from 'attribench';
import { describe, expect, test } from 'vitest';

const here = new URL('.', import.meta.url);
const files = readdirSync(here).filter((name) => /^[a-z-]+\.ts$/.test(name));
const profiles = await Promise.all(
  files.map(async (file) => ({ file, profile: (await import(new URL(file, here).href)).default as Profile })),
);

describe.each(profiles)('$file', ({ file, profile }) => {
  test('is named after its file', () => expect(`${profile.id}.ts`).toBe(file));

  test('names plugins that exist', () => {
    const paths = profile.suites.flatMap(({ dataset, models, trainings, checks }) => [
      `datasets/${dataset.id}`,
      ...models.map(({ id }) => `models/${id}`),
      ...trainings.map(({ id }) => `models/trainings/${id}`),
      ...checks.map(({ id }) => `benchmarks/checks/${id}`),
      ...checks.flatMap(({ methods }) =>
        (methods ?? []).map((method) => `methods/${typeof method === 'string' ? method : method.id}`),
      ),
    ]);
    const methods = (profile.methods ?? []).map((id) => `methods/${id}`);
    const missing = [...paths, ...methods].filter((path) => !existsSync(new URL(`../../${path}.ts`, here)));
    expect(missing).toEqual([]);
  });

  test('has enough trainings for an interval', () => expect(profile.trainings).toBeGreaterThanOrEqual(3));
});
