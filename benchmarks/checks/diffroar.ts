import {
  type CellPlan,
  type Curves,
  coordinateRanking,
  defineCheck,
  maskedSplit,
  predict,
  type Role,
  replicates,
  type Step,
  verdictAgainst,
} from 'attribench';
import {
  type Condition,
  conditionsOf,
  percent,
  primaryLevels,
  type Settings,
  settingsFor,
  settingsOf,
} from './support/diffroar-conditions.ts';
import { type Curve, curveOf, type Pair } from './support/diffroar-curve.ts';
import { DiffRoarMeasures } from './support/diffroar-measures.ts';
import { notesOn } from './support/diffroar-notes.ts';

const DEFAULTS: Settings = {
  levels: [0.05, 0.1, 0.2, 0.3, 0.5, 0.9],
  maskLevels: [0.05, 0.1, 0.3],
  roadLevels: [0.1],
  rankings: ['class', 'global', 'random-class', 'dilated', 'drawn-class'],
  rankingLevels: [0.1],
  maskRankings: ['drawn-class'],
  controlMaskLevels: [0.1],
  removal: 'zero',
  retrain: true,
  retrainings: 1,
  epochs: 8,
  learningRate: 0.1,
  batchSize: 256,
  weightDecay: 5e-4,
  cropPadding: 0,
  flip: false,
};

/** PredPower of both sides, their difference, and under them what the masks alone tell. */
const CURVES: Curves = {
  level: 'unmasked, %',
  panels: [
    {
      title: 'PredPower: accuracy after retraining on what is unmasked, %',
      lines: sides(''),
      reference: { name: 'everything unmasked', measure: 'full' },
    },
    { title: 'DiffROAR: top less bottom, %', lines: [{ name: 'top less bottom', measures: 'diffroar-*' }] },
    { title: 'Mask control: accuracy from the mask alone, without pixels, %', lines: sides('mask-') },
    {
      title: 'What pixels add: accuracy from image and mask less that from the mask alone, %',
      lines: sides('pixels-'),
    },
  ],
};

/**
 * DiffROAR (eq. 1): how much better a network learns from the coordinates that a map ranks highest than from
 * those that it ranks lowest; it is retrained from scratch on both, on masked training and test images.
 *
 * Masks are exact, over height x width x channels, and made before augmentation; a map explains the predicted
 * class. With `retrain` false the attribution model itself predicts the masked test images (appendix C.7).
 * A mask can hand over the prediction by its shape, so that top and bottom differ or agree without any pixel:
 * the mask control and the masks that carry less of it stand beside the figure, and docs/diffroar.md says
 * what each can tell. ROAR removes the top alone, KAR keeps it alone: the two sides of this curve.
 */
export default defineCheck({
  id: 'diffroar',
  title: 'DiffROAR',
  cite: 'Shah, Jain, Netrapalli, "Do Input Gradients Highlight Discriminative Features?", NeurIPS 2021, section 3, eq. 1; ROAR and KAR: Hooker, Erhan, Kindermans, Kim, "A Benchmark for Interpretability Methods in Deep Neural Networks", NeurIPS 2019; ROAD: Rong, Leemann, Borisov, Kasneci, Kasneci, ICML 2022',
  revision: 2,
  subject: 'method',
  parameters: DEFAULTS,
  criterion:
    'Over attribution models, the mean of DiffROAR at 5, 10 and 20 % unmasked lies above 0 with its whole 95 % interval: the coordinates ranked highest tell more of the class than those ranked lowest, which a random order fails.',
  primary: 'diffroar',
  columns: [
    'diffroar-5',
    'diffroar-10',
    'diffroar-20',
    'pixels-top-10',
    'pixels-bottom-10',
    'pixels-diffroar-10',
    'drawn-class-pixels-diffroar-10',
  ],
  curves: CURVES,
  evaluations: {
    curve: async (inputs, { check, parameters }) => {
      const role = parameters.role as Role;
      const settings = settingsFor(settingsOf(check), role);
      const { labels } = (await inputs.dataset('data')).splits.test;
      const predictions = new Map<string, Int32Array[]>();
      for (const { id } of conditionsOf(settings)) {
        const lists: Int32Array[] = [];
        for (let r = 0; r < settings.retrainings; r++) lists.push(await inputs.predictions(inputName(id, r)));
        predictions.set(id, lists);
      }
      return { ...curveOf(labels, predictions, ...pairsOf(settings)), role };
    },
    unretrained: async (inputs, { check, parameters, stream }) => {
      const settings = settingsOf(check);
      const [data, maps] = [await inputs.dataset('data'), await inputs.maps('maps')];
      const network = await inputs.network('weights');
      const rank = coordinateRanking('image', maps, stream);
      const predictions = new Map<string, Int32Array[]>();
      for (const condition of conditionsOf(settings)) {
        const rankImage = (image: number) => rank(maps, 'test', image);
        const masked = maskedSplit(data, 'test', rankImage, condition, stream.derive('removed'));
        predictions.set(condition.id, [await predict(network, masked, data.shape)]);
      }
      return { ...curveOf(data.splits.test.labels, predictions, ...pairsOf(settings)), role: parameters.role as Role };
    },
  },
  steps(plan) {
    const { role } = plan;
    const settings = settingsFor(settingsOf(plan.cell.check.parameters), role);
    const conditions = conditionsOf(settings);
    return plan.trainings.map((t) => {
      const given = { maps: plan.maps(t), data: plan.dataset() };
      const options = { training: t, parameters: { role: role ?? 'method' } };
      return settings.retrain
        ? plan.evaluate('curve', { ...given, ...retrainings(plan, t, conditions, settings) }, options)
        : plan.evaluate('unretrained', { ...given, weights: plan.weights(t) }, { ...options, cost: 5 });
    });
  },
  judge(outputs, cell) {
    const curves = replicates(outputs, (value) => value as Curve);
    const role = curves.find((curve) => curve !== null)?.role ?? null;
    const settings = settingsFor(settingsOf(cell.check.parameters), role);
    const measures = new DiffRoarMeasures(curves, settings);
    return {
      measures: measures.all(),
      verdict: verdictAgainst(measures.primary(), { atLeast: 0 }),
      notes: notesOn(curves, measures, settings),
    };
  },
});

function sides(prefix: string): Curves['panels'][number]['lines'] {
  return [
    { name: 'top unmasked', measures: `${prefix}top-*` },
    { name: 'bottom unmasked', measures: `${prefix}bottom-*` },
  ];
}

function retrainings(plan: CellPlan, t: number, conditions: readonly Condition[], settings: Settings) {
  const { retrainings: count, epochs, learningRate, batchSize, weightDecay, cropPadding, flip } = settings;
  const descent = { epochs, learningRate, batchSize, weightDecay, cropPadding, flip };
  const steps: { [input: string]: Step } = {};
  for (const { id, ...masking } of conditions) {
    for (let retraining = 0; retraining < count; retraining++) {
      steps[inputName(id, retraining)] = plan.retrain(t, { ...masking, retraining, settings: descent });
    }
  }
  return steps;
}

function inputName(condition: string, retraining: number): string {
  return `${condition} #${retraining}`;
}

/** The pairs of the curve, all and those of the primary measure. */
function pairsOf(settings: Settings): [all: readonly Pair[], primary: readonly Pair[]] {
  const pair = (level: number): Pair => {
    const at = percent(level);
    return { id: String(at), top: `top-${at}`, bottom: `bottom-${at}` };
  };
  return [settings.levels.map(pair), primaryLevels(settings).map(pair)];
}
