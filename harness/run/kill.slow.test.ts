/** kill -9 of a run and of its workers in a grid of retrainings: the records are those of an undisturbed run. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packageRoot } from '../plugins.ts';
import { Stream } from '../random.ts';
import { pause, survivors } from '../steps/testing/processes.ts';

/**
 * Two methods on eight linear models, and nine retrainings of each and two of everything: more steps than twenty
 * kills can outrun, however fast the machine.
 */
const PLUGINS = `
  import { defineProfile } from 'attribench';
  export default defineProfile({
    id: 'grid', title: 'Grid', cite: 'none', revision: 1, seed: 0, trainings: 8,
    parameters: {
      'planted-gaussians': { side: 16, train: 2000, test: 500 },
      standard: { epochs: 4 },
      diffroar: { levels: [0.1, 0.3], maskLevels: [0.1], roadLevels: [], rankings: ['class'], rankingLevels: [0.1], epochs: 4 },
    },
    suites: [{
      dataset: { id: 'planted-gaussians' }, models: [{ id: 'linear' }], trainings: [{ id: 'standard' }],
      checks: [{ id: 'diffroar', methods: ['input-gradient', 'random'] }],
    }],
  });
`;
const WORKERS = 2;
const KILLS = 20;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'attribench-grid-'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'attribench.config.ts'), "export default { plugins: ['./plugins.ts'] };");
  writeFileSync(join(folder, 'plugins.ts'), PLUGINS);
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(packageRoot, join(folder, 'node_modules/attribench'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Starts the run; its store, records and log lie under `place`. */
function start(place: string): ChildProcess {
  const home = join(folder, place);
  mkdirSync(home, { recursive: true });
  const program = fileURLToPath(new URL('./testing/run-profile.ts', import.meta.url));
  const args = [folder, 'grid', join(home, 'results'), join(home, 'log')];
  return spawn(process.execPath, ['--import', 'tsx', program, ...args], {
    cwd: packageRoot,
    env: { ...process.env, ATTRIBENCH_HOME: home },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function finish(child: ChildProcess): Promise<string> {
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
  });
  await once(child, 'close');
  return text.trim();
}

/** Keys of the steps that the log says were started, computed, or ran again because their worker died. */
function logged(place: string, state: 'started' | 'computed' | 'retried'): string[] {
  const file = join(folder, place, 'log');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  return lines.filter((line) => line.startsWith(`${state} `)).map((line) => line.slice(state.length + 1));
}

/** Every record by path, as bytes; without what says where and when it was made. */
function records(place: string): { [path: string]: string } {
  const root = join(folder, place, 'results');
  const paths = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.json'));
  const compared = paths.filter((path) => !path.endsWith('.run.json')).sort();
  return Object.fromEntries(compared.map((path) => [path, readFileSync(join(root, path), 'utf8')]));
}

/** Process ids of the pool's workers: the children of the run that load the steps' program. */
function workersOf(parent: number): number[] {
  const children = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').trim().split(' ').filter(Boolean);
  const isWorker = (pid: string) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('steps/worker');
  return children.filter((pid) => existsSync(`/proc/${pid}/cmdline`) && isWorker(pid)).map(Number);
}

it('leaves the same records after twenty kills, and does twice at most what was in flight', async () => {
  expect(await finish(start('calm'))).toBe('done');
  const steps = logged('calm', 'computed').length;
  expect(new Set(logged('calm', 'computed')).size).toBe(steps);
  const moments = new Stream(['moments of kills']);
  let output = '';
  let kills = 0;
  for (let round = 0; kills < KILLS && output !== 'done'; round++) {
    const child = start('killed');
    const ended = finish(child);
    // A kill after some more steps, so that twenty are spread over the whole run.
    const target = logged('killed', 'started').length + 1 + moments.integer(6);
    while (logged('killed', 'started').length < target && child.exitCode === null) await pause(2);
    await pause(moments.integer(50));
    if (child.exitCode !== null || child.pid === undefined) {
      output = await ended;
      continue;
    }
    const workers = workersOf(child.pid);
    if (round % 2 === 0) {
      child.kill('SIGKILL');
      kills++;
      await ended;
      expect(await survivors(workers, 5000)).toEqual([]);
      continue;
    }
    // A worker dies and the run goes on; then all of it is killed.
    const [victim] = workers;
    if (victim !== undefined) {
      process.kill(victim, 'SIGKILL');
      kills++;
    }
    await pause(100 + moments.integer(200));
    child.kill('SIGKILL');
    kills++;
    await ended;
    await survivors(workers, 5000);
  }
  expect(kills).toBeGreaterThanOrEqual(KILLS);
  expect(await finish(start('killed'))).toBe('done');
  expect(records('killed')).toEqual(records('calm'));

  const computed = logged('killed', 'computed');
  expect(new Set(computed).size).toBe(computed.length);
  // What was started without being computed in the end was in flight at one of the kills.
  const again = logged('killed', 'started').length - new Set(logged('killed', 'started')).size;
  expect(again).toBeLessThanOrEqual(WORKERS * kills);
  expect(logged('killed', 'retried').length).toBeLessThanOrEqual(kills);
  expect(new Set(logged('killed', 'started')).size).toBe(steps);
});
