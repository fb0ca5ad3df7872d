import { expect, it } from 'vitest';
import type { Step } from '../contracts.ts';
import { fingerprint } from '../fingerprint.ts';
import { makeStep, STEP_REVISIONS } from './step.ts';

const parts: Omit<Step, 'key'> = {
  kind: 'attribution',
  plugins: {
    method: { kind: 'method', id: 'm', revision: 2, module: 'file:///here/m.ts', export: 'default', code: 'c' },
  },
  parameters: { method: { samples: 5 } },
  inputs: { data: { kind: 'dataset', key: 'd' } },
  stream: ['attribution', 0],
  engine: { name: 'wasm', version: '1' },
  label: 'maps',
  cost: 3,
};

/** The key, spelled out: what stands here determines an output, and nothing else does. */
it('has the hash of its kind, plugins, parameters, inputs, stream, engine and the revision of its kind as key', () => {
  const { kind, parameters, inputs, stream, engine } = parts;
  const plugins = { method: { id: 'm', revision: 2, code: 'c' } };
  const revision = STEP_REVISIONS.attribution;
  expect(makeStep(parts).key).toBe(fingerprint({ kind, revision, plugins, parameters, inputs, stream, engine }));
});

it.each([
  ['label', { label: 'others' }],
  ['cost', { cost: 9 }],
  ["module's place", { plugins: { method: { ...parts.plugins.method, module: 'file:///there/m.ts', export: 'm' } } }],
])('keeps its key with another %s', (_, other) => {
  expect(makeStep({ ...parts, ...other } as never).key).toBe(makeStep(parts).key);
});
