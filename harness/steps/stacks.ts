/**
 * Forming stacks: which retrainings of a plan are trained side by side, and the plan with them.
 *
 * A stack holds retrainings that differ in their masks and streams alone: of one model, one data set, one set of maps (so
 * of one method and one attribution training; none where nothing is masked) and the same settings, in the plan's order. What
 * is stored plays no part, so that a run that was cut off, or a plan that lacks a few, forms the same stacks again; a
 * plan narrowed to some methods, models or trainings forms those of the whole plan, unless a number of cores caps
 * them (see run/stacking.ts). A stack's key holds its kind, its size and its members; a step that reads one of its
 * networks names the stack and the place, so its key differs as well. Where nothing is stacked every key stays as it is.
 */
import type { Parameters, Step, StepAddress } from '../contracts.ts';
import { fingerprint } from '../fingerprint.ts';
import type { DescentSettings } from '../training/gradient-descent.ts';
import type { RetrainingSettings } from './kinds/retraining.ts';
import { addressOf, makeStep, STEP_REVISIONS } from './step.ts';

/** Retrainings whose networks have one shape, for which one size of stacks is chosen; in the plan's order. */
export interface StackGroup {
  readonly steps: readonly Step[];
  readonly descent: DescentSettings;
  /** Whether the networks see a mask beside or instead of the image, so twice the channels. */
  readonly input: RetrainingSettings['input'];
}

/** How large the stacks of a group become at most, and how much faster that is a network. */
export interface StackSize {
  readonly size: number;
  readonly gain: number;
}

/** The retrainings of a plan by the shape of their networks and their settings. */
export function stackGroups(steps: readonly Step[]): readonly StackGroup[] {
  const groups = grouped(
    steps.filter(({ kind }) => kind === 'retraining'),
    ({ plugins, parameters, inputs, engine }) => {
      const { descent, input } = settingsOf(parameters);
      return {
        model: codeOf(plugins),
        parameters: parameters.model,
        data: inputs.data,
        descent,
        doubled: input !== 'image',
        engine,
      };
    },
  );
  return groups.map((own) => {
    const { descent, input } = settingsOf((own[0] as Step).parameters);
    return { steps: own, descent, input };
  });
}

/** A plan's steps with stacks in the place of retrainings, inputs first; and what became of each step, by its old key. */
export interface StackedSteps {
  readonly steps: readonly Step[];
  /** Steps that read a stack have become others. */
  now(step: Step): Step;
}

/** The steps with each group's retrainings in stacks of at most its size, as equal as can be; 1 leaves them alone. */
export function stackSteps(steps: readonly Step[], sizes: ReadonlyMap<StackGroup, StackSize>): StackedSteps {
  const addresses = new Map<string, StepAddress>();
  const before = new Map<string, Step>();
  for (const [{ steps: own }, { size, gain }] of sizes) {
    for (const together of grouped(own, ({ inputs }) => ({ ...inputs }))) {
      for (const members of shared(together, size)) {
        if (members.length < 2) continue;
        const stack = stackOf(members, gain);
        before.set((members[0] as Step).key, stack);
        members.forEach((member, place) => {
          addresses.set(member.key, { ...addressOf(stack), place });
        });
      }
    }
  }
  const renewed = new Map<string, Step>();
  const result = steps.flatMap((step): Step[] => {
    if (addresses.has(step.key)) return [before.get(step.key) ?? []].flat();
    const inputs = Object.entries(step.inputs);
    if (!inputs.some(([, { key }]) => addresses.has(key))) return [step];
    const { key: old, ...parts } = step;
    const moved = inputs.map(([name, address]) => [name, addresses.get(address.key) ?? address] as const);
    const made = makeStep({ ...parts, inputs: Object.fromEntries(moved) });
    addresses.set(old, addressOf(made));
    renewed.set(old, made);
    return [made];
  });
  return { steps: result, now: (step) => renewed.get(step.key) ?? step };
}

/** How many networks a step trains on masked images. */
export function networksOf({ kind, parameters }: Pick<Step, 'kind' | 'parameters'>): number {
  if (kind === 'retraining') return 1;
  const members = kind === 'stacked-retraining' ? parameters.step?.members : undefined;
  return Array.isArray(members) ? members.length : 0;
}

function stackOf(members: readonly Step[], gain: number): Step {
  const [first] = members as readonly [Step, ...Step[]];
  const { descent, input } = settingsOf(first.parameters);
  const model = first.plugins.model?.id;
  return makeStep({
    kind: 'stacked-retraining',
    plugins: first.plugins,
    parameters: {
      model: first.parameters.model ?? {},
      step: {
        // What changes a retraining changes its twin in a stack.
        retraining: STEP_REVISIONS.retraining,
        descent: { ...descent },
        members: members.map(({ parameters, stream }) => {
          const { descent: _, ...own } = parameters.step as Parameters;
          return { ...own, stream };
        }),
      },
    },
    inputs: first.inputs,
    // Each network draws from its member's own stream.
    stream: [],
    engine: first.engine,
    label: `stacked retraining of ${members.length} ${model}, ${input === 'image' ? 'images' : 'images with masks'}: ${first.label} and ${members.length - 1} more`,
    cost: members.reduce((sum, { cost }) => sum + cost, 0) / gain,
  });
}

/** As few parts as a largest size allows, their lengths at most one apart. */
function shared<T>(all: readonly T[], size: number): T[][] {
  const parts = Math.ceil(all.length / size);
  return Array.from({ length: parts }, (_, i) =>
    all.slice(Math.round((i * all.length) / parts), Math.round(((i + 1) * all.length) / parts)),
  );
}

function grouped(steps: readonly Step[], by: (step: Step) => object): readonly (readonly Step[])[] {
  const groups = new Map<string, Step[]>();
  for (const step of steps) {
    const name = fingerprint(by(step));
    groups.set(name, [...(groups.get(name) ?? []), step]);
  }
  return [...groups.values()];
}

function settingsOf(parameters: Step['parameters']): RetrainingSettings {
  return parameters.step as unknown as RetrainingSettings;
}

function codeOf({ model }: Step['plugins']): object {
  return { id: model?.id ?? null, revision: model?.revision ?? null, code: model?.code ?? null };
}
