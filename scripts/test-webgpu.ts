/**
 * `npm run test:webgpu`: the engine suite on a real WebGPU adapter.
 *
 * On the GPU that is here, or on SwiftShader: see software-adapter.ts. Where neither is to be had, one line says so and
 * nothing is tested.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { adapterForTests } from '../harness/engine/testing/software-adapter.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const adapter = await adapterForTests();
if (typeof adapter === 'string') {
  console.log(`[attribench] the webgpu engine is not tested: ${adapter}`);
} else {
  console.log(`[attribench] the webgpu engine is tested on ${adapter.title}`);
  // Shaders compile slowly in software; the bits of the CPU engines are their own tests' business.
  const args = ['run', 'harness/engine/engine.test.ts', 'harness/engine/kernels', 'harness/training/batches.test.ts'];
  const limits = ['--testTimeout', '600000', '--hookTimeout', '600000', '--no-file-parallelism'];
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const { status } = spawnSync(process.execPath, [vitest, ...args, ...limits], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, ...adapter.environment },
  });
  process.exitCode = status ?? 1;
}
