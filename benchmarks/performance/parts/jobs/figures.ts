/** What a job finds of its networks, and the means over trainings by which the two sides are compared: pure functions. */
import { mean } from 'attribench';

/** Of one trained network. */
export interface NetworkFigures {
  /** The training's id. */
  readonly training: string;
  /** Which of the trainings of this id, from 0. */
  readonly index: number;
  readonly epochs: number;
  readonly testAccuracy: number;
  /** Of the test images under the training's own L2 adversary. */
  readonly robustAccuracy: number;
  /** By method: mean over test images. */
  readonly leakage: { readonly [method: string]: Leak };
}

/** Shares in the null block. */
export interface Leak {
  /** Of the total |attribution|. */
  readonly mass: number;
  /** Of the 10 % of the coordinates with the largest |attribution|. */
  readonly top10: number;
}

/** The means over the trainings of each id, in the order in which the ids first come. */
export function meansByTraining(networks: readonly NetworkFigures[]): readonly Omit<NetworkFigures, 'index'>[] {
  return [...new Set(networks.map(({ training }) => training))].map((training) => {
    const own = networks.filter((network) => network.training === training);
    const over = (figure: (network: NetworkFigures) => number) => mean(own.map(figure));
    const leakOf = (network: NetworkFigures, method: string): Leak => {
      const leak = network.leakage[method];
      if (leak === undefined) throw new Error(`[attribench] ${training} ${network.index} has no maps of ${method}`);
      return leak;
    };
    return {
      training,
      epochs: over(({ epochs }) => epochs),
      testAccuracy: over(({ testAccuracy }) => testAccuracy),
      robustAccuracy: over(({ robustAccuracy }) => robustAccuracy),
      leakage: Object.fromEntries(
        Object.keys(own[0]?.leakage ?? {}).map((method) => [
          method,
          {
            mass: over((network) => leakOf(network, method).mass),
            top10: over((network) => leakOf(network, method).top10),
          },
        ]),
      ),
    };
  });
}
