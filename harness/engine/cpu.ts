/** TensorFlow.js's plain JavaScript backend: about 1 GFLOP/s, a second opinion in tests. */
import { type Engine, TFJS_VERSION } from './engine.ts';

export const cpu: Engine = {
  name: 'cpu',
  probe: () => ({
    present: true,
    version: `${TFJS_VERSION}+kernels.1`,
    why: 'plain JavaScript, for second opinions only',
  }),
  async load() {
    const tf = await import('../tfjs.js');
    await tf.setBackend('cpu');
    await tf.ready();
    silenceAdvice(tf.backend());
    const { registerPooling } = await import('./kernels/pooling.ts');
    registerPooling('cpu');
  },
};

/** The backend advises, on its first tensor, to install another one; this project chooses for itself. */
export function silenceAdvice(backend: object): void {
  if ('firstUse' in backend) backend.firstUse = false;
}
