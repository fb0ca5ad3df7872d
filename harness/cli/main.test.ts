import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { attribench } from './testing.ts';

const COMMANDS = ['run', 'bench', 'plan', 'list', 'leaderboard', 'new', 'data', 'engine', 'store', 'theory'];

const folder = mkdtempSync(join(tmpdir(), 'attribench-cli-'));
vi.stubEnv('ATTRIBENCH_HOME', join(folder, 'home'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('help', () => {
  test('names every command', async () => {
    const { code, out } = await attribench(['--help']);
    expect(code).toBe(0);
    for (const name of COMMANDS) expect(out).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
    expect((await attribench([])).out).toBe(out);
  });

  test.each([...COMMANDS, 'new method', 'data fetch', 'engine install', 'engine remove', 'store prune'])(
    '%s --help says what it does',
    async (name) => {
      const { code, out, err } = await attribench([...name.split(' '), '--help']);
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out).toMatch(new RegExp(`^Usage: attribench ${name}`));
      expect(out.split('\n\n')[1]).toMatch(/^[A-Z][\s\S]*\.$/);
    },
  );
});

describe('what is wrong is told in one sentence, with exit code 2', () => {
  test.each<[command: string, sentence: RegExp]>([
    ['lst', /unknown command 'lst'.*Did you mean list\?/],
    ['new methd x', /unknown command 'methd'.*Did you mean method\?/],
    ['run --methd x', /unknown option '--methd'.*Did you mean --method\?/],
    ['run --workers none', /--workers.*'none'.*expected an integer from 1/],
    ['run --workers 0', /expected an integer from 1/],
    ['run --method ,', /expected an id/],
    ['run --profile', /argument missing/],
    ['run surplus', /too many arguments/],
    ['run --profile quik', /profile "quik" is unknown; did you mean "quick"\?/],
    ['run --engine wasn', /engine "wasn" is unknown.*wasm/],
    ['plan --method input-gradien', /method "input-gradien" is unknown; did you mean "input-gradient"\?/],
    ['plan --model mpl-256', /model "mpl-256" is unknown; did you mean "mlp-256"\?/],
    ['plan --training standart', /training "standart" is unknown; did you mean "standard"\?/],
    ['plan --dataset blockmnst', /dataset "blockmnst" is unknown; did you mean "blockmnist"\?/],
    ['plan --check null-block-leak', /check "null-block-leak" is unknown; did you mean "null-block-leakage"\?/],
    ['plan --dataset mnist', /selection leaves no cell/],
    ['bench --profile quik', /profile "quik" is unknown/],
    ['list method', /kind "method" is unknown; did you mean "methods"\?/],
    ['data mnist-ful', /dataset "mnist-ful" is unknown; did you mean "mnist-full"\?/],
    ['engine instal tensorflow', /engine command "instal" is unknown; did you mean "install"\?/],
    ['engine install tensorflw', /tensorflw.*tensorflow/],
    ['store prun', /store command "prun" is unknown; did you mean "prune"\?/],
    ['store prune', /say what to remove/],
    ['store prune --older-than soon', /expected a number of days/],
    ['new method Mine!', /id is "Mine!", expected kebab-case, such as "mine"/],
    ['new method random', /method "random" exists already/],
  ])('attribench %s', async (command, sentence) => {
    const { code, out, err } = await attribench(command.split(' '));
    expect(err).toMatch(sentence);
    expect(err).toMatch(/^\[attribench\] [^\n]+$/);
    expect(out).toBe('');
    expect(code).toBe(2);
  });

  test('a configuration that cannot be read', async () => {
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(folder, 'attribench.config.ts'), "export default { plugins: ['./absent.ts'] };\n");
    const { code, err } = await attribench(['list'], { cwd: folder });
    rmSync(join(folder, 'attribench.config.ts'));
    expect(err).toMatch(/^\[attribench\] [^\n]*absent\.ts[^\n]*$/);
    expect(code).toBe(2);
  });
});

test('list --json gives every plugin with its source and needs', async () => {
  const { code, out } = await attribench(['list', '--json']);
  expect(code).toBe(0);
  const listed = JSON.parse(out);
  expect(Object.keys(listed)).toEqual(['methods', 'models', 'trainings', 'datasets', 'checks', 'profiles']);
  for (const plugins of Object.values<{ id: string; cite: string }[]>(listed)) {
    expect(plugins.length).toBeGreaterThan(0);
    for (const plugin of plugins)
      expect(plugin).toMatchObject({ id: expect.any(String), cite: expect.stringMatching(/./) });
  }
  expect(listed.methods.find((method: { id: string }) => method.id === 'input-gradient')).toMatchObject({
    role: 'method',
    needs: ['gradient'],
    file: expect.stringMatching(/input-gradient/),
  });
});

test('list methods prints one kind', async () => {
  const { out } = await attribench(['list', 'methods']);
  expect(out).toMatch(/^methods\nid +role +needs +source\n/);
  expect(out).toMatch(/^input-gradient +method +gradient +Simonyan/m);
  expect(out).not.toMatch(/^models$/m);
});

test('list --long tells all that is known of each', async () => {
  const { code, out } = await attribench(['list', 'methods', '--long']);
  expect(code).toBe(0);
  expect(out).toMatch(/^# methods\n\n## /);
  expect(out).toMatch(
    /^`input-gradient` · method · needs gradient · ranked by \|value\|\n\n {4}a = d logit_c \/ dx\n/m,
  );
  expect(out).toMatch(/^- `samples` = 25: noisy copies/m);
  expect(out).toMatch(/^- \*sensitivity\*: Where the network saturates .*\n.*Sundararajan/m);
  const checks = await attribench(['list', 'checks', '--long']);
  expect(checks.out).toMatch(/^Passes: /m);
});

test('plan --json names cells and steps and computes nothing', async () => {
  const { code, out } = await attribench(['plan', '--json', '--engine', 'wasm', '--method', 'random,input-gradient']);
  expect(code).toBe(0);
  const plan = JSON.parse(out);
  expect(plan).toMatchObject({ profile: 'quick', engine: { name: 'wasm' } });
  expect(new Set(plan.cells.map((cell: { identity: { method: { id: string } } }) => cell.identity.method.id))).toEqual(
    new Set(['random', 'input-gradient']),
  );
  expect(plan.steps.some((step: { stored: boolean }) => step.stored)).toBe(false);
  expect(plan.seconds).toBeGreaterThan(0);
});

test('the environment selects too, and options go before it', async () => {
  const env = { ATTRIBENCH_METHODS: 'random', ATTRIBENCH_ENGINE: 'cpu', ATTRIBENCH_TRAININGS: 'standard' };
  const { out } = await attribench(['plan', '--json', '--engine', 'wasm'], { env });
  const { engine, cells } = JSON.parse(out);
  expect(engine.name).toBe('wasm');
  for (const { identity } of cells) expect([identity.method.id, identity.training.id]).toEqual(['random', 'standard']);
});

test('engine --json lists the engines and the one chosen', async () => {
  const { engines, chosen } = JSON.parse((await attribench(['engine', '--json'])).out);
  expect(engines.map((engine: { name: string }) => engine.name)).toEqual(expect.arrayContaining(['wasm', 'cpu']));
  expect(engines.find((engine: { name: string }) => engine.name === chosen)).toMatchObject({ present: true });
});

test('store --json names the folder and its sizes', async () => {
  const { out } = await attribench(['store', '--json']);
  expect(JSON.parse(out)).toMatchObject({
    folder: join(folder, 'home', 'store'),
    sizes: { training: { artifacts: 0 } },
  });
  expect((await attribench(['store', 'prune', '--all'])).out).toBe('Removed 0 artifacts, 0 B.');
});

test('data --json says where files go', async () => {
  const { code, out } = await attribench(['data', 'mnist-full', '--json']);
  expect(code).toBe(0);
  for (const file of JSON.parse(out)) {
    expect(file).toMatchObject({ dataset: 'mnist-full', state: 'absent' });
    expect(file.path.startsWith(join(folder, 'home', 'data', 'mnist-full'))).toBe(true);
  }
});
