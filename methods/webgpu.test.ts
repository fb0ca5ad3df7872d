/**
 * Every method on Dawn's null backend: each shader that it needs is compiled and each call validated.
 * Nothing is computed, so maps are not looked at.
 */
import { readdirSync } from 'node:fs';
import { type ImageShape, type Method, stream } from 'attribench';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { engineBroken, loadEngine } from '../harness/engine/index.ts';
import { ADAPTER_VARIABLE, dawnVersion } from '../harness/engine/webgpu/adapter.ts';
import { randomNetwork } from '../harness/vitest/conformance/dense.ts';
import { mapsOnConvolutions, mapsOnLayers } from './support/trial.ts';

const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));

const shape: ImageShape = [6, 5, 1];
const numbers = stream('webgpu');
const layers = randomNetwork(numbers, [30, 12, 3]);
const trial = { images: [Array.from(numbers.uniforms(30))], classes: [1], shape };

if (dawnVersion() === undefined) {
  test('methods on webgpu: absent (its optional packages are not installed)', () => {
    expect(dawnVersion()).toBeUndefined();
  });
} else {
  describe('on the null backend', () => {
    beforeAll(async () => {
      vi.stubEnv(ADAPTER_VARIABLE, 'null');
      await loadEngine('webgpu');
    });
    afterAll(() => {
      vi.unstubAllEnvs();
    });

    test.each(files)('%s', async (file) => {
      const { default: method }: { default: Method } = await import(new URL(file, import.meta.url).href);
      await mapsOnLayers(method, layers, trial).catch((thrown) => {
        if (thrown.name !== 'NotApplicable') throw thrown;
      });
      await mapsOnConvolutions(method, trial);
      expect(engineBroken()).toBeUndefined();
    });
  });
}
