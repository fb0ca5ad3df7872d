/**
 * The webgpu engine on Dawn's null backend: every shader is compiled and every call validated, in
 * milliseconds, and nothing is computed. Numbers are tested on an adapter: `npm run test:webgpu`.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import * as tf from '../tfjs.js';
import { engineBroken, loadEngine } from './index.ts';
import { cases, random, smallNetwork } from './testing/cases.ts';
import { ADAPTER_VARIABLE, dawnVersion, judge } from './webgpu/adapter.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe('choosing an adapter', () => {
  const card = { title: 'a card, driver 1', software: false };
  const software = { title: 'swiftshader', software: true };

  test('a GPU is used', () => {
    expect(judge({ adapter: card }, undefined)).toEqual({ found: true, ...card });
  });

  test('software is used only when it is named', () => {
    expect(judge({ adapter: software }, undefined)).toMatchObject({ found: false });
    expect(judge({ adapter: software }, undefined)).toHaveProperty('why', expect.stringContaining(ADAPTER_VARIABLE));
    expect(judge({ adapter: software }, 'Swift')).toEqual({ found: true, ...software });
  });

  test('without any, half a sentence says so', () => {
    expect(judge({ adapter: null }, undefined)).toHaveProperty('why', expect.stringContaining('no GPU'));
    expect(judge({ error: 'no suitable backends found\nmore' }, undefined)).toHaveProperty(
      'why',
      'Dawn found no GPU: no suitable backends found',
    );
  });

  test('a name that no adapter has lists those that are here', () => {
    const error = "no suitable backends found\nAvailable adapters:\n * backend: 'vulkan', name: 'Card 7'";
    const { why } = { why: '', ...judge({ error }, 'nobody') };
    expect(why).toContain('"nobody"');
    expect(why).toContain('here are: "Card 7"');
  });
});

if (dawnVersion() === undefined) {
  test('webgpu: absent (its optional packages are not installed)', () => expect(dawnVersion()).toBeUndefined());
} else {
  describe('on the null backend', () => {
    beforeAll(() => {
      vi.stubEnv(ADAPTER_VARIABLE, 'null');
      tf.engine().startScope();
    });
    beforeEach(async () => {
      await loadEngine('webgpu');
    });
    afterAll(() => {
      tf.engine().endScope();
      vi.unstubAllEnvs();
    });

    test.each(cases)('$name compiles, with its gradients', async ({ name, inputs, engine }) => {
      const tensors = inputs.map((shape, i) => tf.tensor(random(`${name} ${i}`, shape), [...shape]));
      await engine(...tensors).data();
      const gradients = tf.grads((...x: tf.Tensor[]) => tf.sum(engine(...x)))(tensors);
      await Promise.all(gradients.map((gradient) => gradient.data()));
      expect(engineBroken()).toBeUndefined();
    });

    test.each([
      { what: 'few results from a long inner side', a: [4, 4096], b: [4096, 4] },
      { what: 'split into parts', a: [40, 4096], b: [4096, 40] },
      { what: 'a prime inner length', a: [40, 2003], b: [2003, 40] },
      { what: 'many tiles', a: [256, 64], b: [64, 512] },
    ])('a product compiles: $what', async ({ a, b }) => {
      const left = tf.zeros(a);
      const right = tf.zeros(b);
      await tf.matMul(left, right).data();
      await tf.matMul(left.transpose(), right.transpose(), true, true).data();
      expect(engineBroken()).toBeUndefined();
    });

    test('a training step leaves no tensor and reads nothing back', async () => {
      const network = smallNetwork();
      const images = tf.tensor4d(random('images', [8, 12, 10, 1]), [8, 12, 10, 1]);
      const labels = tf.oneHot(tf.tensor1d([0, 1, 2, 0, 1, 2, 0, 1], 'int32'), 3);
      const optimizer = tf.train.momentum(0.02, 0.9);
      const step = () =>
        optimizer.minimize(
          () => tf.losses.softmaxCrossEntropy(labels, network.logits(images)) as tf.Scalar,
          false,
          network.weights,
        );
      step();
      const before = tf.memory().numTensors;
      const read = vi.spyOn(tf.backend(), 'read');
      for (let i = 0; i < 20; i++) step();
      expect(read).not.toHaveBeenCalled();
      expect(tf.memory().numTensors).toBe(before);
      read.mockRestore();
      await network.weights[0]?.data();
      expect(engineBroken()).toBeUndefined();
      optimizer.dispose();
    });

    test('reading at once is refused in one sentence', () => {
      expect(() => tf.square(tf.zeros([2000])).dataSync()).toThrow('expected await tensor.data()');
    });

    test('a complaint of the GPU makes every later read throw, and loading again repairs', async () => {
      deviceOf(tf.backend()).createShaderModule({ code: 'no shader' });
      const sum = tf.add(tf.ones([2000]), 1);
      await expect(sum.data()).rejects.toThrow(/^\[attribench\] engine webgpu: .*no shader|WGSL/);
      expect(engineBroken()).toContain('WGSL');
      await loadEngine('webgpu');
      expect(engineBroken()).toBeUndefined();
      await expect(tf.add(tf.ones([2000]), 1).data()).resolves.toHaveLength(2000);
    });

    test('a lost device makes reads throw, and loading again repairs', async () => {
      const sum = tf.add(tf.ones([2000]), 1);
      deviceOf(tf.backend()).destroy();
      await expect(sum.data()).rejects.toThrow('[attribench] engine webgpu: the device was lost');
      expect(engineBroken()).toContain('lost');
      await loadEngine('webgpu');
      await expect(tf.add(tf.ones([2000]), 1).data()).resolves.toHaveLength(2000);
    });
  });

  test('a process that used the engine ends by itself', async () => {
    const code = `
      import * as tf from '@tensorflow/tfjs';
      const { loadEngine } = await import('./harness/engine/index.ts');
      const { version } = await loadEngine('webgpu');
      await tf.matMul(tf.ones([40, 40]), tf.ones([40, 40])).data();
      console.log(version);`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '-e', code],
      { cwd: root, env: { ...process.env, [ADAPTER_VARIABLE]: 'null' }, timeout: 20_000 },
    );
    expect(stdout.trim()).toMatch(/^4\.22\.0\+kernels\.\d+\+dawn\..*null-backend$/);
  });
}

function deviceOf(backend: object): GPUDevice {
  return (backend as { device: GPUDevice }).device;
}
