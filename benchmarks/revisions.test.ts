/**
 * The output of every revision of data sets, trainings, step kinds and checks, pinned on a small run.
 *
 * Records name revisions and stores are keyed by them, so an output must not change under one: not
 * by an edit of a plugin, nor by one of the harness's own loops. Pins are only ever added: after
 * raising a revision, or for a new plugin, run this file with ATTRIBENCH_PIN=1.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cell, Json, Step } from 'attribench';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadEngine } from '../harness/engine/index.ts';
import { sha256 } from '../harness/fingerprint.ts';
import { decodeSafetensors } from '../harness/formats/safetensors.ts';
import { Registry } from '../harness/plugins.ts';
import { StepBook } from '../harness/steps/cell-plan.ts';
import { runStep } from '../harness/steps/run-step.ts';
import { STEP_REVISIONS } from '../harness/steps/step.ts';
import { type Artifact, Store } from '../harness/steps/store.ts';

const PINS = new URL('revisions.json', import.meta.url);
const pinned: { [name: string]: Json } = JSON.parse(readFileSync(PINS, 'utf8'));

/** Short trainings: what is pinned is the path, not how far it leads. */
const overrides = {
  standard: { epochs: 2 },
  'pgd-l2': { epochs: 4, warmupEpochs: 1 },
  'pgd-linf': { epochs: 4, warmupEpochs: 1 },
  diffroar: { levels: [0.1], maskLevels: [0.1], roadLevels: [], rankings: ['class'], rankingLevels: [0.1], epochs: 1 },
};

const registry = await Registry.load();
const book = new StepBook({
  registry,
  engine: { name: 'wasm', version: 'pinned' },
  seed: 0,
  trainings: 1,
  overrides,
});
const steps = stepsOfAllKinds();

let home: string;
let store: Store;
beforeAll(async () => {
  await loadEngine('wasm');
  home = mkdtempSync(join(tmpdir(), 'attribench-revisions-'));
  store = await Store.open(home);
});
afterAll(() => rmSync(home, { recursive: true }));

describe.sequential('revisions', () => {
  it.each(steps.map((step) => ({ name: nameOf(step), step })))('$name', async ({ name, step }) => {
    const artifact = await runStep(step, { store, signal: new AbortController().signal, progress() {}, log() {} });
    await store.write(step, artifact, { seconds: 0 });
    const digest = digestOf(step, artifact);
    if (process.env.ATTRIBENCH_PIN === '1' && pinned[name] === undefined) {
      pinned[name] = digest;
      const sorted = Object.entries(pinned).sort(([a], [b]) => (a < b ? -1 : 1));
      writeFileSync(
        PINS,
        `{\n${sorted.map(([n, d]) => `  ${JSON.stringify(n)}: ${JSON.stringify(d)}`).join(',\n')}\n}\n`,
      );
    }
    if (pinned[name] === undefined) throw new Error(`"${name}" is not pinned: run this file with ATTRIBENCH_PIN=1`);
    expect(digest).toEqual(pinned[name]);
  });
});

/** The steps of one cell a check, and one a training for the checks of a model, inputs first. */
function stepsOfAllKinds(): readonly Step[] {
  const trainings = registry.all('training').filter(({ plugin }) => !plugin.given);
  for (const { id, plugin } of registry.all('check')) {
    const dataset = id === 'top-to-bottom' ? 'blockmnist-top' : 'blockmnist';
    for (const training of plugin.subject === 'model' ? trainings.map((found) => found.id) : ['standard']) {
      const cell: Cell = {
        check: book.resolve('check', { id }),
        dataset: book.resolve('dataset', { id: dataset }),
        model: book.resolve('model', { id: 'mlp-256' }),
        training: book.resolve('training', { id: training }),
        method: plugin.subject === 'model' ? null : book.resolve('method', { id: 'input-gradient' }),
      };
      plugin.steps(book.plan(cell));
    }
  }
  return book.steps;
}

function nameOf(step: Step): string {
  const plugins = Object.values(step.plugins).map(({ id, revision }) => `${id} ${revision}`);
  return `${step.label} (${step.kind} ${STEP_REVISIONS[step.kind]}; ${plugins.join(', ')})`;
}

/** Data sets by hash, since they must be the same to the bit; what an engine computed to four digits. */
function digestOf(step: Step, { outcome, metadata, parts }: Artifact): Json {
  if (step.kind === 'dataset')
    return Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, sha256(part)]));
  const arrays = Object.entries(parts).flatMap(([name, part]) =>
    decodeSafetensors(part).entries.map((entry) => [`${name}/${entry.name}`, summary(entry.data)] as const),
  );
  return { status: outcome.status, metadata: rounded(metadata), ...Object.fromEntries(arrays) };
}

/** Sum, sum of magnitudes and three entries of an array. */
function summary(data: ArrayLike<number>): Json {
  let sum = 0;
  let magnitudes = 0;
  for (let i = 0; i < data.length; i++) {
    sum += data[i] ?? 0;
    magnitudes += Math.abs(data[i] ?? 0);
  }
  const entries = [0.1, 0.5, 0.9].map((at) => data[Math.floor(at * data.length)] ?? 0);
  return rounded([magnitudes === 0 ? 0 : sum / magnitudes, magnitudes, ...entries]);
}

/** Numbers to four digits; a long list by its length and sum. */
function rounded(value: Json): Json {
  if (typeof value === 'number') return Number(value.toPrecision(4));
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    if (value.length <= 8) return value.map(rounded);
    return value.every((entry) => typeof entry === 'number')
      ? { n: value.length, of: summary(value) }
      : { n: value.length };
  }
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, rounded(part as Json)]));
}
