/**
 * Theorem 1's closed form against the statement, on samples: floating-point evidence over the settings of a grid.
 */
import { stream } from 'attribench';
import { drawSamples, exhaustiveSupport, makeSetting } from '../../datasets/simplified-blockmnist/distribution.ts';
import type { Finding, Study } from '../../harness/study.ts';
import { encloseClosedForm } from '../certificate/enclosures.ts';
import { blockNorms, lossGradient } from '../neurons.ts';
import { Rational } from '../rigorous/rational.ts';
import { closedForm } from '../theorem-1/closed-form.ts';
import { brokenStatement, describeSetting } from '../theorem-1/statement.ts';

const DIMENSIONS = [1, 2, 3, 8, 16] as const;
/** eta as a share of the paper's limit 1/(10 d); the last lies far outside it. */
const SHARES = ['0', '1/2', '99/100', '10'] as const;

const study: Study = {
  id: 'theorem-1',
  title: 'Theorem 1',
  cite: 'Shah, Jain, Netrapalli, NeurIPS 2021, section 6, eq. 2 and Theorem 1; appendix E',
  revision: 1,
  order: 1,
  run: async ({ quick, signal, progress }) => {
    const samples = quick ? 20 : 200;
    const blocks = quick ? [2, 10, 64] : Array.from({ length: 32 }, (_, i) => 2 * i + 2);
    let points = 0;
    let settings = 0;
    const broken: string[] = [];
    for (const [i, d] of blocks.entries()) {
      signal.throwIfAborted();
      progress(i / blocks.length, `d = ${d}`);
      for (const dimension of DIMENSIONS) {
        for (const share of SHARES) {
          const numbers = stream('theory', 'theorem-1', d, dimension, share);
          const direction = numbers.derive('direction').normals(dimension);
          const noise = Rational.parse(share).toNumber() / (10 * d);
          const setting = makeSetting({ blocks: d, dimension, noise, direction });
          const drawn = noise === 0 ? exhaustiveSupport(setting) : drawSamples(setting, samples, numbers);
          const problem = brokenStatement(setting, drawn, closedForm(setting).network);
          if (problem !== undefined) broken.push(problem);
          points += drawn.count;
          settings++;
        }
      }
    }
    const example = paperExample(samples);
    const findings: Finding[] = [
      {
        statement:
          '(i) equal, positive block norms on blocks 1 .. d/2 and (ii) zero on the others, logit and loss; margin at least gamma',
        outcome: broken[0] ?? `holds at ${points} points of ${settings} settings, eta up to 1/d`,
        status: broken.length === 0 ? 'evidence' : 'fail',
      },
      {
        statement: 'd = 10, eta = 0: margin, and norm of the logit gradient in each relevant block',
        outcome: `${example.margin.toFixed(6)}, ${example.blockNorm.toFixed(6)}`,
        status: 'shown',
      },
      {
        statement: `d = 10, eta = 0.0099: norm of the loss gradient in a relevant block, over ${example.samples} samples`,
        outcome: `${example.lossNorm.low.toFixed(5)} to ${example.lossNorm.high.toFixed(5)}`,
        status: 'shown',
      },
    ];
    return { findings, record: { points, settings, broken, example, closedForms: closedForms(blocks) }, figures: {} };
  },
};

export default study;

/** The numbers of the paper's d = 10. */
function paperExample(samples: number) {
  const { margin, blockNorm, rho, bias } = closedForm(makeSetting({ blocks: 10 }));
  const noisy = makeSetting({ blocks: 10, noise: 0.0099 });
  const { network } = closedForm(noisy);
  const { inputs, labels, count } = drawSamples(noisy, 10 * samples, stream('theory', 'theorem-1', 'example'));
  let low = Number.POSITIVE_INFINITY;
  let high = 0;
  for (let i = 0; i < count; i++) {
    const x = inputs.subarray(10 * i, 10 * (i + 1));
    const norm = blockNorms(lossGradient(network, x, labels[i] ?? 0), 10)[0] ?? 0;
    low = Math.min(low, norm);
    high = Math.max(high, norm);
  }
  return { setting: describeSetting(noisy), margin, blockNorm, rho, bias, samples: count, lossNorm: { low, high } };
}

/** Enclosures of the irrational numbers at eta = 0 and at the paper's limit. */
function closedForms(blocks: readonly number[]) {
  return blocks.flatMap((d) =>
    [Rational.zero, Rational.of(1, 10 * d)].map((eta) => {
      const { c0, rho, bias, margin } = encloseClosedForm(d, eta);
      const ends = ({ low, high }: { low: number; high: number }) => [low, high];
      return { d, eta: eta.toString(), c0: ends(c0), rho: ends(rho), bias: ends(bias), margin: ends(margin) };
    }),
  );
}
