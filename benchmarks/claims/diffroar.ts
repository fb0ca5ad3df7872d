/**
 * The paper's claims on DiffROAR of input gradients, Fashion-MNIST MLP, with criteria fixed before measuring.
 *
 * Comparisons are paired by training. The controls do not look at the network, so those that stand beside the
 * standard training are the controls of all.
 */
import type { Claim, ClaimPart } from './claim.ts';

const PAPER = 'Shah, Jain, Netrapalli, NeurIPS 2021';

/** Larger than this counts as above: the paper reports its curves to about two digits. */
const MARGIN = 0.02;

/** Levels in percent; 70 % is not in every profile. */
const BELOW_90 = [5, 10, 20, 30, 50, 70];

/** The paper's DiffROAR, not one of its variants. */
const PAPERS = { check: { retrain: true, removal: 'zero' } } as const;

/** The paper's linear baseline knows no class. */
const AGNOSTIC = { method: { weights: 'all-classes' } } as const;

const diffRoar = (training: string, eps: number | null, measure: string, bound: ClaimPart['bound']): ClaimPart => ({
  check: 'diffroar',
  dataset: 'fashion-mnist',
  training,
  method: 'input-gradient',
  measure,
  bound,
  where: { ...PAPERS, ...(eps === null ? {} : { training: { eps } }) },
});

const beside = (control: string): ClaimPart => ({
  ...diffRoar('standard', null, 'diffroar', { atMost: MARGIN }),
  minus: { method: control, where: { ...PAPERS, ...(control === 'linear-model' ? AGNOSTIC : {}) } },
});

const larger = (eps: number, than: Pick<ClaimPart, 'training' | 'where'>): ClaimPart => ({
  ...diffRoar('pgd-l2', eps, 'diffroar', { atLeast: 0 }),
  minus: than,
});

export const diffRoarClaims: readonly Claim[] = [
  {
    id: 'fashion-mnist-standard-gradients-are-no-better-than-baselines',
    sentence: 'DiffROAR of standard MLPs on Fashion-MNIST is about that of random and of input-agnostic attributions.',
    source: `${PAPER}, section 4`,
    criterion: `Mean over 5, 10 and 20 % unmasked above neither baseline by more than ${MARGIN}.`,
    parts: ['random', 'linear-model'].map(beside),
  },
  {
    id: 'fashion-mnist-robust-gradients-are-positive',
    sentence: 'DiffROAR of robust MLPs on Fashion-MNIST is positive at every level below about 90 % unmasked.',
    source: `${PAPER}, section 4`,
    criterion: 'Above 0 at 5, 10, 20, 30 and 50 % (and 70 % where run), PGD L2 of eps 1 and 2.',
    parts: [1, 2].flatMap((eps) =>
      BELOW_90.map((level) => ({
        ...diffRoar('pgd-l2', eps, `diffroar-${level}`, { atLeast: 0 }),
        optional: level === 70,
      })),
    ),
  },
  {
    id: 'fashion-mnist-diffroar-grows-with-eps',
    sentence: 'The larger eps, the larger DiffROAR.',
    source: `${PAPER}, section 4`,
    criterion: 'Mean over 5, 10 and 20 % unmasked: PGD L2 of eps 1 not below standard, eps 2 not below eps 1.',
    parts: [
      larger(1, { training: 'standard', where: PAPERS }),
      larger(2, { training: 'pgd-l2', where: { ...PAPERS, training: { eps: 1 } } }),
    ],
  },
];
