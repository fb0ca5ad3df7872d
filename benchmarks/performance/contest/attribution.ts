/** One method on some images of one network, on the current engine. */
import { writeFile } from 'node:fs/promises';
import { type Method, type Need, type Network, type Parameters, stream, tf } from 'attribench';
import { encodeSafetensors } from '../../../harness/formats/safetensors.ts';
import { readNetworkFile, timedNetwork } from './networks.ts';
import type { ContestJob, PreparedJob } from './prepare.ts';

export interface AttributionJob extends ContestJob {
  readonly kind: 'attribution';
  readonly method: string;
  readonly settings: Parameters;
  /** So many of the file's images, */
  readonly images: number;
  /** from this one on, 0 by default: those before are another process's. */
  readonly first?: number;
}

export async function attribution({
  network: id,
  method: methodId,
  settings,
  images: count,
  first = 0,
  file,
}: AttributionJob): Promise<PreparedJob> {
  const { default: method }: { default: Method } = await import(`../../../methods/${methodId}.ts`);
  const { inputShape } = timedNetwork(id);
  const { build, images: values, references } = await readNetworkFile(id, file);
  const built = build();
  const size = inputShape[0] * inputShape[1] * inputShape[2];
  const batch = (of: Float32Array, from: number, n: number) =>
    tf.tensor4d(of.slice(from * size, (from + n) * size), [n, ...inputShape]);
  const images = batch(values, first, count);
  const needed = method.requires.reference;
  const reference = needed === undefined ? undefined : batch(references, 0, needed);
  const network = built.network as unknown as Network<Need>;
  const classes = tf.tidy(() => tf.argMax(network.logits(images), 1).toInt() as tf.Tensor1D);
  const signal = new AbortController().signal;
  let maps = new Float32Array();
  let channels = 0;
  return {
    run: async () => {
      const map = await method.attribute({
        network,
        images,
        classes,
        streams: Array.from({ length: count }, (_, image) => stream('performance', methodId, first + image)),
        bounds: { low: 0, high: 1 },
        parameters: settings,
        reference: reference as never,
        truth: undefined as never,
        auxiliary: undefined as never,
        signal,
        progress: () => {},
      });
      channels = map.shape[3];
      maps = (await map.data<'float32'>()) as Float32Array<ArrayBuffer>;
      map.dispose();
    },
    save: (path) => {
      const [height, width] = inputShape;
      return writeFile(
        path,
        encodeSafetensors([{ name: 'maps', shape: [count, height, width, channels], data: maps }]),
      );
    },
    dispose: () => {
      tf.dispose([images, classes]);
      reference?.dispose();
      built.dispose();
    },
  };
}
