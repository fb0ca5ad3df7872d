/** The engines that a test file can load one after another. */
import { enginesPresent } from '../index.ts';

/**
 * Every engine known, without one of the two that stand on libtensorflow, of which a process holds one:
 * the GPU's is tested where ATTRIBENCH_ENGINE names it, the CPU's elsewhere.
 */
export async function enginesTested(): ReturnType<typeof enginesPresent> {
  const elsewhere = process.env.ATTRIBENCH_ENGINE === 'tensorflow-gpu' ? 'tensorflow' : 'tensorflow-gpu';
  return (await enginesPresent()).filter(({ name }) => name !== elsewhere);
}
