/**
 * Theorem 1 as something that can fail: what a network claims, point by point, against what is stated.
 *
 * Theorem 1 (Shah, Jain, Netrapalli, NeurIPS 2021, section 6): for eta < 1/(10 d) and every (x, y) in the
 * support, (i) |(grad_x L)_j| = c > 0 for every j <= d/2, equal over the blocks of one x; (ii)
 * |(grad_x L)_j| = 0 for every j > d/2. Hence the top block says nothing of the signal block j*(x).
 */
import type { Samples, Setting } from '../../datasets/simplified-blockmnist/distribution.ts';
import { blockNorms, logitGradient, lossGradient, type Neurons, valueAt } from '../neurons.ts';
import { closedForm } from './closed-form.ts';

/** The paper's range of eta: below 1/(10 d). */
export function paperNoiseLimit(blocks: number): number {
  return 1 / (10 * blocks);
}

/** Relative error allowed to float64 sums of a few thousand terms. */
const TOLERANCE = 1e-9;

/**
 * The first statement that a network breaks on the given samples, in plain words; undefined where none is broken.
 *
 * Beside (i) and (ii), for logit and loss gradient: every neuron lies on the unit sphere, the masses add up
 * to 1, every sample has margin at least gamma, and the block norm is the closed form's.
 */
export function brokenStatement(setting: Setting, samples: Samples, network: Neurons): string | undefined {
  const problem = ofNeurons(network) ?? ofSamples(setting, samples, network);
  return problem === undefined ? undefined : `With ${describeSetting(setting)}: ${problem}.`;
}

function ofNeurons({ inputs, mass, w, r, b }: Neurons): string | undefined {
  const total = mass.reduce((sum, value) => sum + value, 0);
  if (!near(total, 1)) return `the neurons' masses add up to ${total}, expected 1`;
  for (let i = 0; i < w.length; i++) {
    const length = Math.hypot(w[i] ?? 0, b[i] ?? 0, ...r.subarray(i * inputs, (i + 1) * inputs));
    if (!near(length, 1)) return `neuron ${i + 1} has length ${show(length)}, expected 1`;
  }
  return undefined;
}

function ofSamples(setting: Setting, samples: Samples, network: Neurons): string | undefined {
  const { margin, blockNorm } = closedForm(setting);
  const length = setting.blocks * setting.dimension;
  const rows = Array.from({ length: samples.count }, (_, i) => {
    const label = samples.labels[i] ?? 0;
    const block = (samples.signalBlocks[i] ?? 0) + 1;
    const where = `at a sample with y = ${label > 0 ? '+1' : '-1'} and its signal in block ${block}`;
    return { x: samples.inputs.subarray(i * length, (i + 1) * length), label, where };
  });
  for (const { x, label, where } of rows) {
    const reached = label * valueAt(network, x);
    if (reached < margin * (1 - TOLERANCE)) {
      return `${where} the margin is ${show(reached)}, expected at least ${show(margin)}`;
    }
  }
  for (const { x, label, where } of rows) {
    const logit = blockNorms(logitGradient(network, x), setting.blocks);
    const loss = blockNorms(lossGradient(network, x, label), setting.blocks);
    const problem = ofNorms('logit', logit) ?? ofNorms('loss', loss);
    if (problem !== undefined) return `${where} ${problem}`;
    if (!near(logit[0] ?? 0, blockNorm)) {
      return `${where} the logit gradient's norm in block 1 is ${show(logit[0] ?? 0)}, expected ${show(blockNorm)}`;
    }
  }
  return undefined;
}

/** (i) and (ii) for the block norms of one gradient. */
function ofNorms(which: string, norms: Float64Array): string | undefined {
  const first = norms[0] ?? 0;
  for (let block = 0; block < norms.length; block++) {
    const norm = norms[block] ?? 0;
    const name = `the ${which} gradient's norm in block ${block + 1}`;
    if (block >= norms.length / 2) {
      if (norm !== 0) return `${name}, a noise block, is ${show(norm)}, expected 0`;
    } else if (!(norm > 0)) {
      return `${name} is ${show(norm)}, expected a positive number`;
    } else if (!near(norm, first)) {
      return `${name} is ${show(norm)} and in block 1 ${show(first)}, expected equal ones`;
    }
  }
  return undefined;
}

/** 'd = 2 blocks of dimension 1, eta = 0 and u* = [1]'. */
export function describeSetting({ blocks, dimension, noise, direction }: Setting): string {
  return `d = ${blocks} blocks of dimension ${dimension}, eta = ${show(noise)} and u* = [${[...direction].map(show).join(', ')}]`;
}

function near(value: number, expected: number): boolean {
  return Math.abs(value - expected) <= TOLERANCE * Math.abs(expected);
}

function show(value: number): string {
  return String(Number(value.toPrecision(6)));
}
