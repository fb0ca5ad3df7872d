/**
 * Somebody else's method, in a folder outside this repository: the package as it is published, installed
 * from its tarball, and plain Vitest.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'somebody-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(cwd: string, program: string, args: readonly string[], env: { readonly [name: string]: string } = {}) {
  // As a user's shell has it: without what Vitest and npm set for this process.
  const { PATH, HOME } = process.env;
  const registry = Object.entries(process.env).filter(([name]) =>
    /^(npm_config_|https?_proxy|NODE_EXTRA_CA)/i.test(name),
  );
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd,
    encoding: 'utf8',
    env: { PATH, HOME, NO_COLOR: '1', ...Object.fromEntries(registry), ...env },
    maxBuffer: 2 ** 26,
  });
  return { status, stdout, stderr, all: stdout + stderr };
}

const vitest = (args: readonly string[], env = {}) => run(folder, 'npx', ['vitest', ...args], env);
const attribench = (args: readonly string[], env = {}) => run(folder, 'npx', ['attribench', ...args], env);
const write = (path: string, text: string) => {
  mkdirSync(join(folder, path, '..'), { recursive: true });
  writeFileSync(join(folder, path), text);
};

beforeAll(() => {
  const packed = run(root, 'npm', ['run', '--silent', 'pack']);
  expect(packed, packed.all).toMatchObject({ status: 0 });
  const tarball = packed.stdout.trim().split('\n').at(-1) ?? '';
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  write('package.json', JSON.stringify({ name: 'somebody', private: true, type: 'module' }));
  const options = ['--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund'];
  const packages = [tarball, `vitest@${devDependencies.vitest}`];
  const installed = run(folder, 'npm', ['install', '--save-dev', ...options, ...packages]);
  expect(installed, installed.all).toMatchObject({ status: 0 });
  write(
    'tiny.ts',
    `import { defineProfile } from 'attribench';

export default defineProfile({
  id: 'tiny', title: 'Tiny', cite: 'a test', revision: 1, seed: 0, trainings: 1,
  suites: [{
    dataset: { id: 'blockmnist' },
    models: [{ id: 'mlp-256' }],
    trainings: [{ id: 'standard', parameters: { epochs: 1 } }],
    checks: [{ id: 'null-block-leakage' }, { id: 'null-block-zeroing' }],
  }],
});
`,
  );
  write(
    'squared.ts',
    `import { classLogit, defineMethod, tf } from 'attribench';

export default defineMethod({
  id: 'squared-gradient',
  title: 'Squared gradient',
  cite: 'nobody yet',
  revision: 1,
  needs: ['gradient'],
  rank: 'magnitude',
  attribute: ({ network, images, classes }) => tf.tidy(() => tf.square(network.inputGradient(images, classLogit(classes)))),
});
`,
  );
  write(
    'attribench.config.ts',
    "import { defineConfig } from 'attribench';\n\nexport default defineConfig({ plugins: ['./squared.ts', './tiny.ts'] });\n",
  );
  write(
    'squared.bench.ts',
    "import { attributionSuite } from 'attribench/vitest';\n\nawait attributionSuite({ profile: 'tiny', methods: ['squared-gradient', 'random'] });\n",
  );
});

test('the package holds JavaScript with types, and no test', () => {
  const installed = join(folder, 'node_modules', 'attribench');
  for (const path of [
    'harness/index.js',
    'harness/index.d.ts',
    'harness/steps/worker.js',
    'methods/random.js',
    'README.md',
  ]) {
    expect(existsSync(join(installed, path)), path).toBe(true);
  }
  expect(existsSync(join(installed, 'harness/index.ts'))).toBe(false);
  expect(existsSync(join(installed, 'harness/cli/main.test.js'))).toBe(false);
  expect(statSync(join(installed, 'bin/attribench.js')).mode & 0o111).not.toBe(0);
});

test('the method stands in the closing table of `npx vitest bench`, and in records of the project', () => {
  const { status, all, stdout } = vitest(['bench', '--run']);
  expect(status, all).toBe(0);
  expect(stdout).toMatch(/^squared-gradient +\S+ [\d.]+/m);
  expect(stdout).toMatch(/^random \(control\) +\S+ [\d.]+/m);
  expect(stdout).toMatch(/profile tiny · engine \S+/);
  expect(stdout).toMatch(/· squared-gradient +[\d.]+/);
  const record = 'results/tiny/null-block-leakage/blockmnist/mlp-256--standard+epochs=1/squared-gradient.json';
  expect(JSON.parse(readFileSync(join(folder, record), 'utf8'))).toMatchObject({ status: 'completed' });
});

test('the command knows the method, and runs it through both doors', () => {
  const listed = attribench(['list', 'methods', '--json']);
  const { methods } = JSON.parse(listed.stdout);
  expect(methods.find((method: { id: string }) => method.id === 'squared-gradient')).toMatchObject({
    file: join(folder, 'squared.ts'),
  });
  const ran = attribench(['run', '--profile', 'tiny', '--method', 'squared-gradient']);
  expect(ran, ran.all).toMatchObject({ status: 0, stdout: expect.stringMatching(/^squared-gradient +\S+ [\d.]+/m) });
  expect(ran.stderr).not.toMatch(/^training/m);
  const benched = attribench(['bench', '--profile', 'tiny', '--method', 'squared-gradient', '-t', 'squared']);
  expect(benched, benched.all).toMatchObject({ status: 0 });
  // With our reporter the table comes last.
  expect(benched.stdout.slice(benched.stdout.indexOf('samples'))).toMatch(/^squared-gradient +\S+ [\d.]+/m);
});

test('`new method` writes a method, a test and a bench file that run as they are', () => {
  const made = attribench(['new', 'method', 'my-own']);
  expect(made, made.all).toMatchObject({ status: 0 });
  const tested = vitest(['run', 'methods/my-own.test.ts']);
  expect(tested.status, tested.all).toBe(0);
  expect(tested.all).toMatch(/Tests +\d+ passed/);
  const benched = vitest(['bench', '--run', 'benchmarks/my-own.bench.ts'], { ATTRIBENCH_PROFILE: 'tiny' });
  expect(benched.status, benched.all).toBe(0);
  expect(benched.stdout).toMatch(/^my-own +\S+ [\d.]+/m);
});

test('a method that throws makes the exit code non-zero and leaves the others intact', () => {
  const path = join(folder, 'methods/my-own.ts');
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, text.replace(/attribute: .*/, "attribute: () => { throw new Error('as it was made to'); },"));
  const { status, stdout, stderr } = vitest(['bench', '--run', 'benchmarks/my-own.bench.ts'], {
    ATTRIBENCH_PROFILE: 'tiny',
  });
  writeFileSync(path, text);
  expect(status).toBe(1);
  expect(stderr).toContain('as it was made to');
  expect(stdout).toMatch(/^my-own +failed/m);
  expect(stdout).toMatch(/^random \(control\) +\S+ [\d.]+/m);
});

test('what is wrong is one sentence and exit code 2', () => {
  for (const args of [['run', '--profile', 'tinny'], ['run', '--method', 'squard-gradient'], ['lst']]) {
    const { status, stdout, stderr } = attribench(args);
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr.split('\n').filter((line) => line !== '' && !line.startsWith('npm '))).toEqual([
      expect.stringMatching(/^\[attribench\] .*[Dd]id you mean/),
    ]);
  }
});
