import { defineMethod, type Objective, tf, UsageError } from 'attribench';
import { blur } from './support/blur.ts';
import { descend } from './support/descent.ts';
import { stretch, stretchMatrix } from './support/interpolation.ts';
import { BANSAL_2020, BY_DEFINITION } from './support/literature.ts';
import { positiveInteger } from './support/samples.ts';
import { scoreNamed } from './support/scores.ts';

/** Meaningful perturbation: the smallest smooth mask whose blurring takes the class away. */
export default defineMethod({
  id: 'meaningful-perturbation',
  title: 'Meaningful perturbation',
  cite: 'Fong, Vedaldi, "Interpretable Explanations of Black Boxes by Meaningful Perturbation", ICCV 2017, section 4',
  revision: 1,
  needs: ['gradient'],
  parameters: {
    iterations: 100,
    learningRate: 0.1,
    area: 0.08,
    smoothness: 8,
    coarseness: 4,
    replacement: 'blur',
    sigma: 5,
    baseline: 0,
    score: 'logit',
  },
  rank: 'value',
  axioms: ['implementation-invariance'],
  about: {
    family: 'black-box',
    formula: `
      a = 1 - M, M in [0, 1] the mask that minimises
      f(M x + (1 - M) b) + area mean |1 - m| + smoothness mean(|dm/dy|^3 + |dm/dx|^3)
    `,
    map: '[n, height, width, 1], 0 to 1',
    text: `M is m, one number for a square of pixels, stretched bilinearly, found by Adam from m = 1/2 (section 4; the
      paper's weights 1e-4 and 1e-2 on 28 x 28 cells are 0.08 and 8 in means). Nothing is random: no jitter. It needs the
      gradient of the input, and no more of the network.`,
    parameters: {
      iterations: 'steps of Adam',
      learningRate: 'of Adam',
      area: 'penalty of what the mask hides',
      smoothness: 'penalty of steep masks',
      coarseness: 'side in pixels of the square that one number of m stands for',
      replacement: 'b: "blur" for the blurred image, or "constant"',
      sigma: 'of the Gaussian that blurs, in pixels',
      baseline: 'value of every coordinate of a constant b',
      score: '"logit" of the class, or its "probability" as in the paper, which has no slope where the network is sure',
    },
    failures: [
      {
        text: 'A mask can be an artefact, which fools the network instead of hiding what it looks at; the penalties only soften this.',
        cite: 'Fong, Vedaldi, "Interpretable Explanations of Black Boxes by Meaningful Perturbation", ICCV 2017, section 4.3',
      },
      { text: 'The strength of the blur and other settings decide the map.', cite: BANSAL_2020 },
      { text: 'A smooth mask covers neighbours that do nothing.', cite: BY_DEFINITION, axiom: 'dummy' },
    ],
  },
  async attribute(request) {
    const { network, images, classes, parameters } = request;
    const iterations = positiveInteger('meaningful-perturbation', 'iterations', parameters.iterations);
    const coarseness = positiveInteger('meaningful-perturbation', 'coarseness', parameters.coarseness);
    const objective: Objective = scoreNamed('meaningful-perturbation', parameters.score)(classes);
    const [n, height, width] = images.shape;
    const cells = [n, Math.ceil(height / coarseness), Math.ceil(width / coarseness)] as const;

    const fixed = tf.tidy(() => ({
      softened: replacement(images, parameters),
      rows: tf.tensor2d(stretchMatrix(stretch(cells[1], height)), [height, cells[1]]),
      columns: tf.tensor2d(stretchMatrix(stretch(cells[2], width)), [width, cells[2]]),
    }));
    /** [n, height, width, 1] of m [n, rows, columns]. */
    const stretched = (m: tf.Tensor3D): tf.Tensor4D => {
      const across = tf.matMul(m.reshape<tf.Tensor2D>([-1, cells[2]]), fixed.columns, false, true);
      const upright = across.reshape([n, cells[1], width]).transpose([0, 2, 1]).reshape<tf.Tensor2D>([-1, cells[1]]);
      const down = tf.matMul(upright, fixed.rows, false, true).reshape([n, width, height]);
      return down.transpose([0, 2, 1]).expandDims(3);
    };
    const blend = (m: tf.Tensor3D): tf.Tensor4D =>
      tf.add(fixed.softened, tf.mul(stretched(m), tf.sub(images, fixed.softened)));
    const penalty = (m: tf.Tensor3D): tf.Tensor => {
      const steep = tf.add(sumOfCubes(m, 1), sumOfCubes(m, 2)).mul(parameters.smoothness);
      return tf
        .sum(tf.sub(1, m))
        .mul(parameters.area)
        .add(steep)
        .div(cells[1] * cells[2]);
    };
    /** d loss / dm: the network's gradient at the blend, pulled back through the blend as a scalar product. */
    const slope = (m: tf.Tensor3D): tf.Tensor3D => {
      const gradient = network.inputGradient(blend(m), objective);
      return tf.grad((mask: tf.Tensor) => {
        const masked = mask as tf.Tensor3D;
        return tf.sum(tf.mul(blend(masked), gradient)).add(penalty(masked));
      })(m) as tf.Tensor3D;
    };

    try {
      const m = await descend(request, tf.fill<tf.Rank.R3>([...cells], 0.5), slope, {
        iterations,
        learningRate: parameters.learningRate,
      });
      const map = tf.tidy(() => tf.sub<tf.Tensor4D>(1, stretched(m)));
      m.dispose();
      return map;
    } finally {
      tf.dispose(fixed);
    }
  },
});

interface Replacement {
  readonly replacement: string;
  readonly sigma: number;
  readonly baseline: number;
}

function replacement(images: tf.Tensor4D, { replacement, sigma, baseline }: Replacement): tf.Tensor4D {
  if (replacement === 'blur') return blur(images, sigma);
  if (replacement === 'constant') return tf.fill(images.shape, baseline);
  throw new UsageError(
    `[attribench] method "meaningful-perturbation": replacement is ${JSON.stringify(replacement)}, expected "blur" or "constant"`,
  );
}

/** The sum of |difference of neighbours along an axis|^3. */
function sumOfCubes(m: tf.Tensor3D, axis: 1 | 2): tf.Tensor {
  const length = m.shape[axis] - 1;
  if (length === 0) return tf.scalar(0);
  const size = m.shape.with(axis, length);
  const difference = tf.sub(tf.slice(m, [0, 0, 0].with(axis, 1), size), tf.slice(m, [0, 0, 0], size));
  return tf.sum(tf.mul(tf.abs(difference), tf.square(difference)));
}
