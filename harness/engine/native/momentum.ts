/**
 * A step of gradient descent with momentum in one operation of the addon's own that writes where it reads.
 *
 * Composed of TensorFlow.js operations it is four passes, each into memory of its own. The arithmetic is the same, in
 * the same order: so are the bits.
 *
 * Resource variables hold the memory. An operation on one copies its tensor first where anything else holds that,
 * so that a weight must let go of its own value before its step, and reads the new one afterwards.
 */
import * as tf from '../../tfjs.js';
import type { Momentum, MomentumStep } from '../momentum.ts';
import type { Attribute, NativeOperations } from './operations.ts';

/** Names of resources in this process: two of one name would share their memory. */
let resources = 0;

/** Weights below this many numbers are not worth it: five small calls cost more than four, and those may be parts of a graph. */
const LEAST = 2 ** 15;

interface Scalars {
  readonly decay: tf.Tensor;
  readonly momentum: tf.Tensor;
}

/** One weight's place among the resources. */
interface Place {
  readonly weight: tf.Tensor;
  readonly last: tf.Tensor;
  /** What names the value that the weight had after its last step. */
  value: object | undefined;
}

export class NativeMomentum implements Momentum {
  readonly #native: NativeOperations;
  readonly #places = new Map<tf.Variable, Place>();

  constructor(native: NativeOperations) {
    this.#native = native;
  }

  takes({ size }: tf.Tensor): boolean {
    return size >= LEAST;
  }

  step(weights: readonly tf.Variable[], gradients: readonly tf.Tensor[], step: MomentumStep): void {
    tf.tidy(() => {
      const scalars = { decay: tf.scalar(step.decay), momentum: tf.scalar(step.momentum) };
      weights.forEach((weight, i) => void this.#move(weight, gradients[i] as tf.Tensor, scalars));
    });
  }

  #move(weight: tf.Variable, gradient: tf.Tensor, { decay, momentum }: Scalars): void {
    const place = this.#placeOf(weight);
    if (place.value !== weight.dataId) this.#assign(place.weight, weight);
    letGo(weight);
    this.#run('AttribenchMomentum', [], [place.weight, place.last, gradient, decay, momentum]);
    gradient.dispose();
    take(weight, this.#read(place.weight));
    place.value = weight.dataId;
  }

  #placeOf(weight: tf.Variable): Place {
    const known = this.#places.get(weight);
    if (known !== undefined) return known;
    const place = { weight: this.#resource(weight.shape), last: this.#resource(weight.shape), value: undefined };
    // Not tf.zeros, which makes them in JavaScript, whose garbage collection counts such arrays.
    this.#assign(place.last, tf.fill(weight.shape, 0));
    this.#places.set(weight, place);
    return place;
  }

  #resource(shape: readonly number[]): tf.Tensor {
    const { binding } = this.#native;
    const attributes = [
      ...this.#dtype,
      { name: 'shape', type: binding.TF_ATTR_SHAPE, value: shape },
      { name: 'shared_name', type: binding.TF_ATTR_STRING, value: `attribench-momentum-${resources++}` },
      { name: 'container', type: binding.TF_ATTR_STRING, value: '' },
    ];
    return tf.keep(this.#native.executeSingleOutput('VarHandleOp', attributes, []));
  }

  #assign(resource: tf.Tensor, value: tf.Tensor): void {
    this.#run('AssignVariableOp', this.#dtype, [resource, value]);
  }

  #read(resource: tf.Tensor): tf.Tensor {
    return this.#native.executeSingleOutput('ReadVariableOp', this.#dtype, [resource]);
  }

  #run(operation: string, attributes: readonly Attribute[], inputs: readonly tf.Tensor[]): void {
    this.#native.executeMultipleOutputs(operation, attributes, inputs, 0);
  }

  get #dtype(): readonly Attribute[] {
    const { TF_ATTR_TYPE, TF_FLOAT } = this.#native.binding;
    return [{ name: 'dtype', type: TF_ATTR_TYPE, value: TF_FLOAT }];
  }

  #flag(name: string, value: boolean): Attribute {
    return { name, type: this.#native.binding.TF_ATTR_BOOL, value };
  }

  dispose(): void {
    const held = [...this.#places.values()].flatMap(({ weight, last }) => [weight, last]);
    for (const resource of held) {
      this.#run('DestroyResourceOp', [this.#flag('ignore_lookup_error', true)], [resource]);
      resource.dispose();
    }
    this.#places.clear();
  }
}

/** The first half of `Variable.assign`: frees the value that a variable has. */
function letGo(variable: tf.Variable): void {
  tf.engine().disposeTensor(variable);
}

/** The second half: gives a variable a value, of its own shape. */
function take(variable: tf.Variable, value: tf.Tensor): void {
  variable.dataId = value.dataId;
  tf.engine().incRef(variable, null as never);
}
