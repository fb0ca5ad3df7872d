/**
 * `npm run bench:theory`: Theorem 1's logits and both gradients for a million samples at d = 64, d~ = 1.
 *
 * One thread, chunks of 10,000; drawing the samples is left out of the time.
 */
import { stream } from 'attribench';
import { drawSamples, makeSetting } from '../../datasets/simplified-blockmnist/distribution.ts';
import { batchOutputs, closedForm, evaluateBatch } from '../../theory/theorem-1/closed-form.ts';

const SAMPLES = 1_000_000;
const CHUNK = 10_000;
const ROUNDS = 5;

const setting = makeSetting({ blocks: 64, noise: 0.9 / 640 });
const form = closedForm(setting);
const outputs = batchOutputs(CHUNK, 64);
const seconds: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const numbers = stream('benchmark', 'theorem-1', round);
  let milliseconds = 0;
  for (let done = 0; done < SAMPLES; done += CHUNK) {
    const samples = drawSamples(setting, CHUNK, numbers);
    const started = performance.now();
    evaluateBatch(form, samples, CHUNK, outputs);
    milliseconds += performance.now() - started;
  }
  seconds.push(milliseconds / 1000);
}
seconds.sort((a, b) => a - b);
const [fastest = 0, , median = 0] = seconds;
console.log(
  `Theorem 1, d = 64, d~ = 1, ${SAMPLES} samples, logits and both gradients: median ${median.toFixed(3)} s, fastest ${fastest.toFixed(3)} s, slowest ${(seconds.at(-1) ?? 0).toFixed(3)} s, n = ${ROUNDS}`,
);
