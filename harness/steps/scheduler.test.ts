import { describe, expect, test } from 'vitest';
import type { Step } from '../contracts.ts';
import { Stream } from '../random.ts';
import type { PoolResult, StepWatch } from './pool.ts';
import { runSteps, type ScheduleOptions, type StepEvent, type StepResult } from './scheduler.ts';
import { toyStep } from './testing/toy-steps.ts';

/** A store of keys and a pool that takes no time; every step's result may be set beforehand. */
class Fake {
  readonly stored = new Set<string>();
  readonly ran: string[] = [];
  readonly events: StepEvent[] = [];
  readonly settled: [string, StepResult['status']][] = [];
  readonly answers = new Map<string, (PoolResult | Error)[]>();
  looked = 0;
  mostAtOnce = 0;
  #atOnce = 0;
  /** Called before a step is answered. */
  during: (step: Step) => void | Promise<void> = () => {};

  run(steps: readonly Step[], options: Partial<ScheduleOptions> & { workers?: number } = {}) {
    const { workers = 2, ...more } = options;
    return runSteps(steps, {
      pool: { size: workers, run: (step, watch) => this.#run(step, watch) },
      store: {
        has: async ({ key }) => this.#has(key),
        readHead: async ({ key }) =>
          this.#has(key) ? { outcome: { status: 'completed' }, metadata: null, seconds: 7 } : undefined,
        sweep: async () => {},
      },
      event: (event) => this.events.push(event),
      settled: (step, { status }) => this.settled.push([step.label, status]),
      ...more,
    });
  }

  states(label: string): string[] {
    return this.events.filter(({ step }) => step.label === label).map(({ state }) => state);
  }

  #has(key: string): boolean {
    this.looked++;
    return this.stored.has(key);
  }

  async #run(step: Step, watch: StepWatch): Promise<PoolResult> {
    this.ran.push(step.label);
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#atOnce);
    try {
      for (const { key } of Object.values(step.inputs)) {
        if (!this.stored.has(key)) return { status: 'missing', key };
      }
      await this.during(step);
      await new Promise(setImmediate);
      watch.signal.throwIfAborted();
      const answer = this.answers.get(step.label)?.shift() ?? { status: 'computed', seconds: step.cost };
      if (answer instanceof Error) throw answer;
      if (answer.status === 'computed') this.stored.add(step.key);
      return answer;
    } finally {
      this.#atOnce--;
    }
  }
}

/** data -> weights -> maps -> leakage and data -> other. */
function chain() {
  const data = toyStep('data');
  const weights = toyStep('weights', [data]);
  const maps = toyStep('maps', [weights, data]);
  const leakage = toyStep('leakage', [maps, data]);
  const other = toyStep('other', [data]);
  return { data, weights, maps, leakage, other, all: [data, weights, maps, leakage, other] };
}

describe('what runs', () => {
  test('everything, once, inputs first, when nothing is stored', async () => {
    const fake = new Fake();
    const { all } = chain();
    const results = await fake.run(all);
    expect(fake.ran).toEqual(['data', 'weights', 'other', 'maps', 'leakage']);
    expect([...results.values()].map(({ status }) => status)).toEqual(Array(5).fill('computed'));
    expect(fake.states('maps')).toEqual(['started', 'computed']);
  });

  test('nothing when the targets are stored: their inputs are not even looked up', async () => {
    const fake = new Fake();
    const { leakage, other, all } = chain();
    fake.stored.add(leakage.key).add(other.key);
    const results = await fake.run(all);
    expect(fake.ran).toEqual([]);
    expect(fake.looked).toBe(2);
    expect(results).toEqual(
      new Map([
        [leakage.key, { status: 'stored', seconds: 7 }],
        [other.key, { status: 'stored', seconds: 7 }],
      ]),
    );
    expect(fake.states('leakage')).toEqual(['stored']);
  });

  test('only what lies between the stored steps and the targets', async () => {
    const fake = new Fake();
    const { data, weights, leakage, all } = chain();
    fake.stored.add(data.key).add(weights.key);
    await fake.run(all, { targets: new Set([leakage.key]) });
    expect(fake.ran).toEqual(['maps', 'leakage']);
    expect(fake.settled).toEqual([
      ['data', 'stored'],
      ['weights', 'stored'],
      ['maps', 'computed'],
      ['leakage', 'computed'],
    ]);
  });

  test('a target that another target reads, although the other is stored', async () => {
    const fake = new Fake();
    const { data, leakage, maps, weights, all } = chain();
    fake.stored.add(data.key).add(weights.key).add(leakage.key);
    await fake.run(all, { targets: new Set([leakage.key, maps.key]) });
    expect(fake.ran).toEqual(['maps']);
  });

  test('an input that is not among the steps is an error', async () => {
    const { maps, data } = chain();
    await expect(new Fake().run([maps, data])).rejects.toThrow(/"maps" reads [0-9a-f]{64}, which is not among/);
  });
});

describe('the order', () => {
  test('is the longest path first, then the key, and never more at once than there are workers', async () => {
    const roots = [1, 2, 3, 4].map((i) => toyStep(`root ${i}`));
    const long = toyStep('long', roots.slice(2, 3), { cost: 50 });
    const dear = toyStep('dear', [], { cost: 10 });
    const fake = new Fake();
    await fake.run([...roots, long, dear]);
    const byKey = (steps: readonly Step[]) => [...steps].sort((a, b) => (a.key < b.key ? -1 : 1)).map((s) => s.label);
    const rest = byKey(roots.filter((_, i) => i !== 2));
    expect(fake.ran).toEqual(['root 3', 'dear', 'long', ...rest]);
    expect(fake.mostAtOnce).toBe(2);
  });

  test('does not depend on the order in which the steps are given', async () => {
    const { all } = chain();
    const forward = new Fake();
    const backward = new Fake();
    await forward.run(all, { workers: 1 });
    await backward.run([...all].reverse(), { workers: 1 });
    expect(backward.ran).toEqual(forward.ran);
  });

  test('on random graphs respects every input and runs every step once', async () => {
    for (let graph = 0; graph < 30; graph++) {
      const stream = new Stream(['graph', graph]);
      const steps: Step[] = [];
      for (let i = 0; i < 40; i++) {
        const inputs = steps.filter(() => stream.uniform() < 3 / 40);
        steps.push(toyStep(`${i}`, inputs, { cost: stream.integer(100) }));
      }
      const fake = new Fake();
      const results = await fake.run(steps, { workers: 1 + stream.integer(4) });
      expect([...fake.ran].sort()).toEqual(steps.map(({ label }) => label).sort());
      expect(fake.events.filter(({ state }) => state === 'retried')).toEqual([]);
      expect(results.size).toBe(40);
    }
  });
});

describe('a failed step', () => {
  test('fails what rests on it, naming itself, and nothing else', async () => {
    const fake = new Fake();
    const { weights, maps, leakage, other, all } = chain();
    fake.answers.set('weights', [{ status: 'failed', error: 'out of luck' }]);
    const results = await fake.run(all);
    const failed = { status: 'failed', step: 'weights', error: 'out of luck', seconds: 0 };
    for (const step of [weights, maps, leakage]) expect(results.get(step.key)).toEqual(failed);
    expect(results.get(other.key)?.status).toBe('computed');
    expect(fake.ran).not.toContain('maps');
    expect(fake.states('leakage')).toEqual(['failed']);
    expect(fake.settled.filter(([, status]) => status === 'failed')).toHaveLength(3);
  });

  test('is what a pool that throws amounts to', async () => {
    const fake = new Fake();
    const { leakage, all } = chain();
    fake.answers.set('data', [new Error('no more processes')]);
    const results = await fake.run(all);
    expect(results.get(leakage.key)).toMatchObject({ step: 'data', error: 'no more processes' });
  });

  test.each(['a', 'b'])('with two failed inputs is the first of them, also where %s is the slower', async (slow) => {
    const a = toyStep('a');
    const b = toyStep('b');
    const both = toyStep('both', [a, b]);
    const fake = new Fake();
    fake.during = async ({ label }) => {
      if (label === slow) for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
    };
    for (const label of ['a', 'b']) fake.answers.set(label, [{ status: 'failed', error: label }]);
    const results = await fake.run([a, b, both]);
    expect(fake.settled.filter(([label]) => label === 'both')).toEqual([['both', 'failed']]);
    expect(results.get(both.key)).toMatchObject({ step: 'a', error: 'a' });
  });
});

describe('an input found damaged', () => {
  /** Loses artifacts the first time a step starts. */
  function losing(fake: Fake, starting: string, lost: readonly Step[]): Partial<ScheduleOptions> {
    let done = false;
    const event = (event: StepEvent) => {
      fake.events.push(event);
      if (done || event.state !== 'started' || event.step.label !== starting) return;
      done = true;
      for (const { key } of lost) fake.stored.delete(key);
    };
    return { event };
  }

  test('is computed again with what it needs, and then its reader', async () => {
    const fake = new Fake();
    const { data, weights, maps, leakage, other, all } = chain();
    for (const { key } of [data, weights, maps, other]) fake.stored.add(key);
    const results = await fake.run(all, losing(fake, 'leakage', [maps, weights]));
    expect(fake.ran).toEqual(['leakage', 'weights', 'maps', 'leakage']);
    expect(results.get(leakage.key)?.status).toBe('computed');
    expect(fake.states('leakage')).toEqual(['started', 'retried', 'started', 'computed']);
    expect(fake.states('maps')).toEqual(['stored', 'started', 'computed']);
  });

  test('by several readers at once is computed once', async () => {
    const fake = new Fake();
    const data = toyStep('data');
    const readers = [1, 2, 3, 4].map((i) => toyStep(`reader ${i}`, [data], { cost: i }));
    fake.stored.add(data.key);
    const results = await fake.run([data, ...readers], { workers: 3, ...losing(fake, 'reader 4', [data]) });
    expect(fake.ran.filter((label) => label === 'data')).toHaveLength(1);
    expect(fake.ran.filter((label) => label === 'reader 1')).toHaveLength(1);
    for (const reader of readers) expect(results.get(reader.key)?.status).toBe('computed');
  });

  test('but there again by then is not computed twice', async () => {
    const fake = new Fake();
    const { weights, maps, all } = chain();
    fake.answers.set('maps', [{ status: 'missing', key: weights.key }]);
    const results = await fake.run(all);
    expect(results.get(maps.key)?.status).toBe('computed');
    expect(fake.states('weights')).toEqual(['started', 'computed', 'stored']);
  });

  test('again and again fails its reader', async () => {
    const fake = new Fake();
    const { weights, maps, all } = chain();
    fake.answers.set('maps', Array(10).fill({ status: 'missing', key: weights.key }));
    const results = await fake.run(all);
    expect(results.get(maps.key)).toMatchObject({
      status: 'failed',
      step: 'maps',
      error: '[attribench] its input "weights" was damaged or lost 4 times',
    });
  });

  test('that cannot be computed again fails its reader, naming the input', async () => {
    const fake = new Fake();
    const { data, weights, maps, leakage, other, all } = chain();
    for (const { key } of [data, weights, other]) fake.stored.add(key);
    fake.answers.set('weights', [{ status: 'failed', error: 'out of luck' }]);
    const results = await fake.run(all, losing(fake, 'maps', [weights]));
    for (const step of [maps, leakage]) {
      expect(results.get(step.key)).toMatchObject({ status: 'failed', step: 'weights', error: 'out of luck' });
    }
  });
});

describe('stopping', () => {
  test('starts nothing more, waits for what runs, and throws the reason', async () => {
    const fake = new Fake();
    const { all } = chain();
    const control = new AbortController();
    fake.during = (step) => {
      if (step.label === 'weights') control.abort(new Error('stopped by the user'));
    };
    await expect(fake.run(all, { signal: control.signal, workers: 1 })).rejects.toThrow('stopped by the user');
    expect(fake.ran).toEqual(['data', 'weights']);
    expect(fake.stored.size).toBe(1);
    expect(fake.settled).toEqual([['data', 'computed']]);
  });

  test('before the start runs nothing', async () => {
    const fake = new Fake();
    await expect(fake.run(chain().all, { signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no');
    expect(fake.ran).toEqual([]);
  });
});
