/**
 * The paper's claims on BlockMNIST, with criteria fixed before measuring.
 *
 * Bounds on leakage at the paper's proxy (the share of the top-k in the null block): at least 30 % counts as
 * leaking, at most 10 % as not. Methods that multiply by the input saturate at small k, so for methods other
 * than input gradients the level is the largest judged one at or below k = 10 %.
 */
import type { Claim, ClaimPart } from './claim.ts';

const PAPER = 'Shah, Jain, Netrapalli, NeurIPS 2021';
const LEAKS = { atLeast: 0.3 };
const DOES_NOT_LEAK = { atMost: 0.1 };
const LARGEST_JUDGED = ['null-top-10', 'null-top-5', 'null-top-2.5'];

/** The networks of the paper's section 5, each with claims of its own: what holds for one need not hold for the other. */
interface Networks {
  /** Ends the ids of their claims. */
  readonly suffix: string;
  readonly name: string;
  readonly models: readonly string[];
  /** Whether profiles train them on BlockMNIST-Top and look at maps before training too. */
  readonly all: boolean;
}

const NETWORKS: readonly Networks[] = [
  { suffix: '', name: 'MLP', models: ['mlp', 'mlp-256'], all: true },
  { suffix: '-resnet-18', name: 'ResNet-18', models: ['resnet-18'], all: false },
];

/** The five methods of the paper's figure beside input gradients. */
const OTHER_METHODS = [
  ['integrated-gradients', 'Integrated Gradients'],
  ['lrp-epsilon', 'LRP'],
  ['guided-backprop', 'Guided Backprop'],
  ['smooth-grad', 'SmoothGrad'],
  ['occlusion', 'Occlusion'],
] as const;

export const blockMnistClaims: readonly Claim[] = NETWORKS.flatMap(claimsOn);

function claimsOn({ suffix, name, models, all }: Networks): Claim[] {
  const leakage = (
    method: string,
    training: string,
    measure: ClaimPart['measure'],
    bound: ClaimPart['bound'],
    more: Partial<ClaimPart> = {},
  ): ClaimPart => ({
    check: 'null-block-leakage',
    dataset: 'blockmnist',
    models,
    training,
    method,
    measure,
    bound,
    ...more,
  });
  const ofModel = (check: string, measure: string, atLeast: number): ClaimPart[] =>
    ['standard', 'pgd-l2'].map((training) => ({
      check,
      dataset: 'blockmnist',
      models,
      training,
      method: null,
      measure,
      bound: { atLeast },
    }));
  const claims: Claim[] = [
    {
      id: 'accuracy',
      sentence: 'Standard and robust models reach 99.99 % test accuracy.',
      source: `${PAPER}, section 5`,
      criterion: 'Test accuracy at least 99 %, standard and PGD L2.',
      parts: ofModel('robust-accuracy', 'accuracy', 0.99),
    },
    {
      id: 'null-block-is-ignored',
      sentence: 'Predictions stay unchanged on almost every instance when the null block is set to zero.',
      source: `${PAPER}, section 5`,
      criterion: 'At least 99 % of predictions unchanged, standard and PGD L2.',
      parts: ofModel('null-block-zeroing', 'unchanged', 0.99),
    },
    {
      id: 'standard-gradients-leak',
      sentence: 'Input gradients of standard models highlight the null block.',
      source: `${PAPER}, section 5`,
      criterion: 'At least 30 % of the top 10 % in the null block.',
      parts: [leakage('input-gradient', 'standard', 'null-top-10', LEAKS)],
    },
    {
      id: 'robust-gradients-do-not-leak',
      sentence: 'Input gradients of adversarially trained models do not highlight the null block.',
      source: `${PAPER}, section 5`,
      criterion: 'At most 10 % of the top k in the null block at k = 2.5, 5 and 10 %, PGD L2.',
      parts: ['null-top-2.5', 'null-top-5', 'null-top-10'].map((measure) =>
        leakage('input-gradient', 'pgd-l2', measure, DOES_NOT_LEAK),
      ),
    },
    ...(all ? onTop(models) : []),
    ...OTHER_METHODS.map(
      ([id, title]): Claim => ({
        id: `${id}-leaks-alike`,
        sentence: `${title} leaks on standard models, and ${all ? 'neither on BlockMNIST-Top nor on' : 'not on'} robust models.`,
        source: `${PAPER}, section 5 and appendix D`,
        criterion: `At the largest judged k at or below 10 %: at least 30 % in the null block on standard models, at most 10 % on ${all ? 'Top and on ' : ''}robust ones.`,
        parts: [
          leakage(id, 'standard', LARGEST_JUDGED, LEAKS),
          leakage(id, 'pgd-l2', LARGEST_JUDGED, DOES_NOT_LEAK),
          leakage(id, 'pgd-linf', LARGEST_JUDGED, DOES_NOT_LEAK, { optional: true }),
          ...(all ? [leakage(id, 'standard', LARGEST_JUDGED, DOES_NOT_LEAK, { dataset: 'blockmnist-top' })] : []),
        ],
      }),
    ),
    ...(all ? [gradientsGrow(models)] : []),
  ];
  return claims.map((claim) => ({ ...claim, id: claim.id + suffix, sentence: `${name}: ${claim.sentence}` }));
}

/** Claims on models that have only seen the digit on top. */
function onTop(models: readonly string[]): Claim[] {
  const topToBottom = (measure: string, bound: ClaimPart['bound']): ClaimPart => ({
    check: 'top-to-bottom',
    dataset: 'blockmnist-top',
    models,
    training: 'standard',
    method: 'input-gradient',
    measure,
    bound,
  });
  return [
    {
      id: 'top-models-look-on-top',
      sentence: 'Models trained on BlockMNIST-Top are right on Top and near chance on Bottom (100 % and about 55 %).',
      source: `${PAPER}, section 5`,
      criterion: 'Accuracy at least 99 % on Top and between 40 and 60 % on Bottom.',
      parts: [
        topToBottom('accuracy-top', { atLeast: 0.99 }),
        topToBottom('accuracy-bottom', { atLeast: 0.4, atMost: 0.6 }),
      ],
    },
    {
      id: 'top-gradients-do-not-leak',
      sentence: 'Input gradients of standard models trained on BlockMNIST-Top do not leak.',
      source: `${PAPER}, section 5`,
      criterion: 'At most 10 % of the top 10 % in the null block.',
      parts: [topToBottom('null-top-10', DOES_NOT_LEAK)],
    },
  ];
}

function gradientsGrow(models: readonly string[]): Claim {
  const bounds = [
    ['norm-ratio', { atLeast: 10 }],
    ['rank-correlation', { atLeast: -0.1, atMost: 0.1 }],
  ] as const;
  return {
    id: 'gradients-grow-by-training',
    sentence: 'Input gradients after training are far larger than at initialisation and uncorrelated with them.',
    source: `${PAPER}, appendix D.3`,
    criterion: 'Norm at least 10 times that before; rank correlation of |gradient| within 0.1 of zero; standard.',
    parts: bounds.map(([measure, bound]) => ({
      check: 'before-after-training',
      dataset: 'blockmnist',
      models,
      training: 'standard',
      method: 'input-gradient',
      measure,
      bound,
    })),
  };
}
