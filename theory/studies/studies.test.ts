import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../../harness/fingerprint.ts';
import type { StudyRequest } from '../../harness/study.ts';
import optimality from './optimality.ts';
import theorem1 from './theorem-1.ts';

const request: StudyRequest = {
  quick: true,
  engine: () => Promise.reject(new Error('these studies train nothing')),
  workers: undefined,
  signal: new AbortController().signal,
  progress: () => {},
};

describe.each([theorem1, optimality])('$id', (study) => {
  test('fails nowhere, and repeats itself to the byte', async () => {
    const [first, again] = [await study.run(request), await study.run(request)];
    expect(first.findings.filter(({ status }) => !['proved', 'evidence', 'shown'].includes(status))).toEqual([]);
    expect(canonicalJson(again.record)).toBe(canonicalJson(first.record));
    expect(again.figures).toEqual(first.figures);
  });
});
