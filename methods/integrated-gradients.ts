import { classLogit, defineMethod, type GradientNetwork, type Stream, tf, UsageError } from 'attribench';
import { blur } from './support/blur.ts';
import { ADEBAYO_2018, KINDERMANS_2019, MEASURED_HERE, STURMFELS_2020 } from './support/literature.ts';
import { type Quadrature, quadrature } from './support/quadrature.ts';
import { type Batch, positiveInteger, sumOverSamples, weightedSum } from './support/samples.ts';

/** Integrated gradients: the gradient averaged along the straight path from a baseline, times the way. */
export default defineMethod({
  id: 'integrated-gradients',
  title: 'Integrated gradients',
  cite: 'Sundararajan, Taly, Yan, "Axiomatic Attribution for Deep Networks", ICML 2017, section 3; baselines: Sturmfels, Lundberg, Lee, "Visualizing the Impact of Feature Attribution Baselines", Distill 2020',
  revision: 1,
  needs: ['gradient'],
  requires: { reference: 100 },
  parameters: { steps: 50, baseline: 'constant', value: 0, blurSigma: 10, references: 10, rule: 'gauss-legendre' },
  rank: 'magnitude',
  axioms: [
    'completeness',
    'sensitivity',
    'linearity',
    'symmetry',
    'implementation-invariance',
    'dummy',
    'conservation-without-bias',
  ],
  about: {
    family: 'gradient',
    formula: 'a = (x - b) * integral over t in [0, 1] of d logit_c / dx at b + t (x - b)',
    map: 'shape of the images, in logits',
    text: `Maps sum to logit_c(x) - logit_c(b), the latter's mean for a set of baselines, but for the quadrature error, on
      ReLU networks of order 1/steps. The mean over baselines is what expected-gradients estimates from one random point
      on each path; from all the reference images the two agree in expectation. The axioms are claimed for a constant
      baseline: one that depends on x or the data treats equal coordinates differently.`,
    parameters: {
      steps: 'points on the path',
      baseline: `"constant" (every coordinate has \`value\`), "mean" (of the reference images), "blur" (x blurred, black
        outside the image) or "random-set" (the mean of the maps from \`references\` images, drawn for each x without
        repetition)`,
      value: 'of every coordinate of a constant baseline',
      blurSigma: 'of the Gaussian that blurs a baseline, in pixels',
      references: 'baselines in a random set',
      rule: `"gauss-legendre" (as in captum: exact on smooth paths long before 50 points), "left", "midpoint", "right" or
        "trapezoid"`,
    },
    failures: [
      {
        text: 'A zero baseline does not shift with the input.',
        cite: `${KINDERMANS_2019}, section 3`,
        axiom: 'input-shift-invariance',
      },
      { text: 'What equals the baseline gets nothing, whatever the network makes of it.', cite: STURMFELS_2020 },
      {
        text: `The input rules the map: on MNIST its ranking hardly changes when the weights are drawn anew.`,
        cite: ADEBAYO_2018,
      },
      {
        text: `With a black baseline it marks whatever is white: on networks of PGD Linf training, whose gradients turn to
          the digit, it still fails the criterion.`,
        cite: MEASURED_HERE,
      },
    ],
  },
  async attribute(request) {
    const { steps, baseline, value, blurSigma, references, rule } = request.parameters;
    const points = quadrature(rule, positiveInteger('integrated-gradients', 'steps', steps));
    switch (baseline) {
      case 'constant':
        return integral(request, value, points);
      case 'mean':
        return integralFrom(request, () => tf.mean<tf.Tensor4D>(request.reference, 0, true), points);
      case 'blur':
        return integralFrom(request, () => blur(request.images, blurSigma), points);
      case 'random-set':
        return meanOverReferences(request, positiveInteger('integrated-gradients', 'references', references), points);
      default:
        throw new UsageError(
          `[attribench] method "integrated-gradients": baseline is ${JSON.stringify(baseline)}, expected "constant", "mean", "blur" or "random-set"`,
        );
    }
  },
});

interface PathRequest extends Batch {
  readonly network: GradientNetwork;
  readonly classes: tf.Tensor1D;
}

/** The map from one baseline: a number, or images that broadcast to [n, height, width, channels]. */
async function integral(
  request: PathRequest,
  baseline: number | tf.Tensor4D,
  { nodes, weights }: Quadrature,
): Promise<tf.Tensor4D> {
  const { network, images, classes } = request;
  const [n, ...shape] = images.shape;
  // The stem is affine: its outputs along the path lie on a line too, and the sum of gradients passes back through it once.
  const [start, way] = tf.tidy(() => {
    const from = network.stem(typeof baseline === 'number' ? tf.fill([1, ...shape], baseline) : baseline);
    return [from, tf.sub(network.stem(images), from)];
  }) as [tf.Tensor, tf.Tensor];
  const mean = await sumOverSamples(request, nodes.length, (first, count) => {
    const end = first + count;
    const shares = tf.tensor(nodes.slice(first, end), [count, ...way.shape.map(() => 1)]);
    const path = way
      .expandDims(0)
      .mul(shares)
      .add(start)
      .reshape([count * n, ...way.shape.slice(1)]);
    return weightedSum(network.stemGradient(path, classLogit(tf.tile(classes, [count]))), weights.slice(first, end));
  }).finally(() => tf.dispose([start, way]));
  const map = tf.tidy(() => tf.mul<tf.Tensor4D>(images.sub(baseline), network.stemTransposed(mean)));
  mean.dispose();
  return map;
}

async function integralFrom(request: PathRequest, make: () => tf.Tensor4D, points: Quadrature): Promise<tf.Tensor4D> {
  const baseline = tf.tidy(make);
  return integral(request, baseline, points).finally(() => baseline.dispose());
}

/** Mean of the maps from `count` reference images, a set of its own for each image. */
async function meanOverReferences(
  request: PathRequest & { readonly streams: readonly Stream[]; readonly reference: tf.Tensor4D },
  count: number,
  points: Quadrature,
): Promise<tf.Tensor4D> {
  const { streams, reference } = request;
  const [available] = reference.shape;
  if (count > available) {
    throw new UsageError(
      `[attribench] method "integrated-gradients": references is ${count}, expected at most the ${available} reference images`,
    );
  }
  const sets = streams.map((stream) => stream.permutation(available).slice(0, count));
  let sum: tf.Tensor4D | undefined;
  try {
    for (let k = 0; k < count; k++) {
      const drawn = sets.map((set) => set[k] ?? Number.NaN);
      const progress = (share: number) => request.progress((k + share) / count);
      const from = () => tf.gather(reference, tf.tensor1d(drawn, 'int32'));
      const map = await integralFrom({ ...request, progress }, from, points);
      const before: tf.Tensor4D | undefined = sum;
      sum = before === undefined ? map : tf.add<tf.Tensor4D>(before, map);
      if (before !== undefined) tf.dispose([before, map]);
    }
    if (sum === undefined) throw new RangeError('[attribench] mean over no reference images');
    return tf.div<tf.Tensor4D>(sum, count);
  } finally {
    sum?.dispose();
  }
}
