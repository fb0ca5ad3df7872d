import { readFile } from 'node:fs/promises';
import { defineTraining, givenNetwork, sha256, UsageError } from 'attribench';

/**
 * The user's own weights from a safetensors file: names and shapes as this model's, float32. Without a file, a
 * model that is a function from images to logits and has no weights.
 *
 * The file is named by its SHA-256 as well as by its path, so that changed weights are never taken for the old ones.
 */
export default defineTraining({
  id: 'given',
  title: 'Given',
  cite: 'Weights brought by the user',
  revision: 1,
  given: true,
  parameters: { file: '', sha256: '', testEps: 2, testSteps: 8 },
  train: async (request) => {
    const { file, testEps, testSteps } = request.parameters;
    const adversary = { norm: 'l2', eps: testEps, steps: testSteps } as const;
    if (file === '') return givenNetwork(request, null, adversary);
    const bytes = await readFile(file).catch((cause) => {
      throw new UsageError(`[attribench] training "given": cannot read file "${file}"`, { cause });
    });
    const hash = sha256(bytes);
    if (hash !== request.parameters.sha256) {
      throw new UsageError(
        `[attribench] training "given": sha256 is "${request.parameters.sha256}", expected that of the file, ${hash}`,
      );
    }
    return givenNetwork(request, bytes, adversary);
  },
});
