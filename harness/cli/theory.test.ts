import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { attribench } from './testing.ts';

const folder = mkdtempSync(join(tmpdir(), 'attribench-theory-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('runs a study by name, prints its table and writes record, run and figures apart', async () => {
  const { code, out } = await attribench(['theory', 'theorem-1', '--quick', '--results', folder]);
  expect(code).toBe(0);
  expect(out).toMatch(/^Theorem 1 \(Shah/);
  expect(out).toMatch(/^ {2}evidence {2}\(i\) equal, positive block norms/m);
  expect(readdirSync(folder).sort()).toEqual(['theorem-1.json', 'theorem-1.run.json']);
  const read = (name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8'));
  expect(read('theorem-1.json')).toMatchObject({ schema: 1, quick: true, study: { id: 'theorem-1', revision: 1 } });
  expect(Object.keys(read('theorem-1.json'))).not.toContain('seconds');
  expect(read('theorem-1.run.json')).toMatchObject({ study: 'theorem-1', seconds: expect.any(Number) });
});

test('--json prints the findings', async () => {
  const { out } = await attribench(['theory', 'theorem-1', '--quick', '--json', '--results', folder]);
  expect(JSON.parse(out)).toMatchObject([{ id: 'theorem-1', findings: [{ status: 'evidence' }, {}, {}] }]);
});

test('an unknown study is told in one sentence', async () => {
  const { code, err } = await attribench(['theory', 'theorem-2']);
  expect(code).toBe(2);
  expect(err).toMatch(/study "theorem-2" is unknown; did you mean "theorem-1"\?/);
});
