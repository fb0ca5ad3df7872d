/**
 * The makers of plugins: each validates what it is given, fills in what was left out, and freezes it.
 *
 * A mistake throws one sentence that names the plugin, the field, its value and what was expected.
 */
import type {
  ArrayImages,
  Axiom,
  Check,
  Dataset,
  Described,
  Family,
  ImageStream,
  Method,
  MethodAbout,
  Model,
  Need,
  Parameters,
  PluginKind,
  Profile,
  Requirements,
  Role,
  Training,
} from './contracts.ts';
import { UsageError } from './errors.ts';
import { canonicalJson } from './fingerprint.ts';

type Optional<T, K extends keyof T> = Omit<T, K> & Partial<Pick<T, K>>;

/** Any plugin, whatever its kind. */
export type Plugin = Method | Dataset<Parameters, ArrayImages | ImageStream> | Model | Training | Check | Profile;

const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const ROLES: readonly string[] = ['method', 'control', 'oracle'] satisfies Role[];
const AXIOMS: readonly string[] = [
  'completeness',
  'sensitivity',
  'linearity',
  'symmetry',
  'implementation-invariance',
  'dummy',
  'conservation-without-bias',
  'input-shift-invariance',
] satisfies Axiom[];
const FAMILIES: readonly string[] = [
  'gradient',
  'propagation',
  'activation',
  'black-box',
  'control',
] satisfies Family[];
const NEEDS: readonly string[] = ['logits', 'gradient', 'layers', 'propagation', 'weights'] satisfies Need[];

function fail(kind: PluginKind, id: unknown, problem: string): never {
  throw new UsageError(`[attribench] ${kind} ${JSON.stringify(id)}: ${problem}`);
}

function validate(kind: PluginKind, plugin: Described & { readonly parameters?: unknown }): void {
  const { id, title, cite, revision, parameters } = plugin;
  if (typeof id !== 'string' || !KEBAB.test(id)) fail(kind, id, 'id must be kebab-case, such as "input-gradient"');
  if (typeof title !== 'string' || title === '')
    fail(kind, id, `title is ${JSON.stringify(title)}, expected a few words`);
  if (typeof cite !== 'string' || cite === '') fail(kind, id, `cite is ${JSON.stringify(cite)}, expected the source`);
  if (!Number.isInteger(revision) || revision < 1)
    fail(kind, id, `revision is ${revision}, expected an integer from 1`);
  try {
    canonicalJson(parameters ?? {});
  } catch (cause) {
    fail(kind, id, `parameters must be JSON values: ${(cause as Error).message}`);
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value) && !ArrayBuffer.isView(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
}

function requireFunction(kind: PluginKind, id: string, name: string, value: unknown): void {
  if (typeof value !== 'function') fail(kind, id, `${name} is ${typeof value}, expected a function`);
}

function expectAmong(kind: PluginKind, id: string, field: string, value: string, known: readonly string[]): void {
  if (!known.includes(value)) {
    fail(kind, id, `${field} is ${JSON.stringify(value)}, expected one of ${known.join(', ')}`);
  }
}

/** A list that must hold something, each entry an object with an id. */
function requireChoices(id: string, field: string, list: unknown): void {
  const fits = Array.isArray(list) && list.length > 0 && list.every((entry) => typeof entry?.id === 'string');
  if (!fits) fail('profile', id, `${field} is ${JSON.stringify(list)}, expected a list such as [{ id: "..." }]`);
}

/** Refuses an account of a method that leaves a parameter out, names one that is not there, or contradicts a claim. */
function validateAbout(id: string, about: MethodAbout, parameters: Parameters, axioms: readonly Axiom[]): void {
  expectAmong('method', id, 'about.family', about.family, FAMILIES);
  const { parameters: explained = {} } = about;
  for (const name of Object.keys(parameters)) {
    if (explained[name] === undefined) fail('method', id, `about.parameters does not say what "${name}" means`);
  }
  for (const name of Object.keys(explained)) {
    if (!(name in parameters)) fail('method', id, `about.parameters explains "${name}", which is no parameter`);
  }
  const texts = { formula: about.formula, map: about.map, ...explained };
  for (const [name, text] of Object.entries(texts)) {
    if (typeof text !== 'string' || text.trim() === '') {
      fail('method', id, `about ${name} is ${JSON.stringify(text)}, expected some words`);
    }
  }
  if (!Array.isArray(about.failures)) {
    fail('method', id, `about.failures is ${JSON.stringify(about.failures)}, expected a list, empty if none is known`);
  }
  for (const failure of about.failures) {
    if (!failure.text || !failure.cite) {
      fail('method', id, `failure ${JSON.stringify(failure)} lacks its text or its source`);
    }
    if (failure.axiom === undefined) continue;
    expectAmong('method', id, 'about.failures axiom', failure.axiom, AXIOMS);
    if (axioms.includes(failure.axiom)) {
      fail('method', id, `axiom "${failure.axiom}" is claimed under axioms and listed under about.failures`);
    }
  }
}

/** Every text with its line breaks and indents, which template literals bring along, as single blanks; formulas keep lines. */
function onOneLine<P extends Parameters>(about: MethodAbout<P>): MethodAbout<P> {
  const line = (text: string) => text.trim().replace(/\s+/g, ' ');
  return {
    ...about,
    formula: about.formula
      .trim()
      .split(/\s*\n\s*/)
      .join('\n'),
    map: line(about.map),
    ...(about.text !== undefined && { text: line(about.text) }),
    ...(about.parameters !== undefined && {
      parameters: Object.fromEntries(
        Object.entries<string>(about.parameters).map(([name, text]) => [name, line(text)]),
      ) as { readonly [name in keyof P]: string },
    }),
    failures: about.failures.map((failure) => ({ ...failure, text: line(failure.text), cite: line(failure.cite) })),
  };
}

/** An attribution method; see Method. `role` defaults to 'method', `requires` to {}, `axioms` to []. */
export function defineMethod<
  const N extends Need,
  P extends Parameters = Record<never, never>,
  const R extends Requirements = Record<never, never>,
>(plugin: Optional<Omit<Method<N, P, R>, 'kind'>, 'role' | 'requires' | 'parameters' | 'axioms'>): Method<N, P, R> {
  validate('method', plugin);
  requireFunction('method', plugin.id, 'attribute', plugin.attribute);
  if (!Array.isArray(plugin.needs) || plugin.needs.length === 0) {
    fail('method', plugin.id, `needs is ${JSON.stringify(plugin.needs)}, expected a list of ${NEEDS.join(', ')}`);
  }
  for (const need of plugin.needs) {
    if (!NEEDS.includes(need))
      fail('method', plugin.id, `need ${JSON.stringify(need)} is unknown, expected one of ${NEEDS.join(', ')}`);
  }
  if (plugin.rank !== 'magnitude' && plugin.rank !== 'value') {
    fail('method', plugin.id, `rank is ${JSON.stringify(plugin.rank)}, expected "magnitude" or "value"`);
  }
  expectAmong('method', plugin.id, 'role', plugin.role ?? 'method', ROLES);
  for (const axiom of plugin.axioms ?? []) expectAmong('method', plugin.id, 'axiom', axiom, AXIOMS);
  if (plugin.about !== undefined) {
    validateAbout(plugin.id, plugin.about, plugin.parameters ?? {}, plugin.axioms ?? []);
  }
  return deepFreeze({
    role: 'method',
    requires: {} as R,
    parameters: {} as P,
    axioms: [],
    ...plugin,
    ...(plugin.about !== undefined && { about: onOneLine(plugin.about) }),
    kind: 'method',
  }) as Method<N, P, R>;
}

/** A data set; see Dataset. `sources` defaults to none. */
export function defineDataset<
  P extends Parameters = Record<never, never>,
  I extends ArrayImages | ImageStream = ArrayImages,
>(plugin: Optional<Omit<Dataset<P, I>, 'kind'>, 'sources' | 'parameters'>): Dataset<P, I> {
  validate('dataset', plugin);
  requireFunction('dataset', plugin.id, 'load', plugin.load);
  return deepFreeze({ sources: () => [], parameters: {} as P, ...plugin, kind: 'dataset' }) as Dataset<P, I>;
}

/** An architecture; see Model. `initialisation` defaults to PyTorch's ('torch-linear'). */
export function defineModel<P extends Parameters = Record<never, never>>(
  plugin: Optional<Omit<Model<P>, 'kind'>, 'initialisation' | 'parameters'>,
): Model<P> {
  validate('model', plugin);
  requireFunction('model', plugin.id, 'build', plugin.build);
  return deepFreeze({ initialisation: 'torch-linear', parameters: {} as P, ...plugin, kind: 'model' }) as Model<P>;
}

/** A way of training; see Training. `given` defaults to false. */
export function defineTraining<P extends Parameters = Record<never, never>>(
  plugin: Optional<Omit<Training<P>, 'kind'>, 'given' | 'parameters'>,
): Training<P> {
  validate('training', plugin);
  requireFunction('training', plugin.id, 'train', plugin.train);
  return deepFreeze({ given: false, parameters: {} as P, ...plugin, kind: 'training' }) as Training<P>;
}

/** A sanity check; see Check. */
export function defineCheck<P extends Parameters = Record<never, never>>(
  plugin: Optional<Omit<Check<P>, 'kind'>, 'parameters'>,
): Check<P> {
  validate('check', plugin);
  requireFunction('check', plugin.id, 'steps', plugin.steps);
  requireFunction('check', plugin.id, 'judge', plugin.judge);
  if (typeof plugin.criterion !== 'string' || plugin.criterion === '') {
    fail('check', plugin.id, `criterion is ${JSON.stringify(plugin.criterion)}, expected a sentence`);
  }
  expectAmong('check', plugin.id, 'subject', plugin.subject, ['method', 'model']);
  for (const [name, evaluation] of Object.entries(plugin.evaluations ?? {})) {
    requireFunction('check', plugin.id, `evaluations.${name}`, evaluation);
  }
  for (const [i, { lines }] of (plugin.curves?.panels ?? []).entries()) {
    if (lines.length < 1 || lines.length > 3) {
      fail('check', plugin.id, `curves.panels[${i}] has ${lines.length} lines, expected one to three`);
    }
    for (const { measures } of lines) {
      if (measures.split('*').length === 2) continue;
      const field = `curves.panels[${i}]: measures`;
      fail(
        'check',
        plugin.id,
        `${field} is ${JSON.stringify(measures)}, expected one * for the level, such as "top-*"`,
      );
    }
  }
  return deepFreeze({ parameters: {} as P, ...plugin, kind: 'check' }) as Check<P>;
}

/** A named choice of settings; see Profile. */
export function defineProfile(plugin: Omit<Profile, 'kind'>): Profile {
  validate('profile', plugin);
  requireCount(plugin.id, 'trainings', plugin.trainings);
  if (!Number.isInteger(plugin.seed)) fail('profile', plugin.id, `seed is ${plugin.seed}, expected an integer`);
  if (!Array.isArray(plugin.suites)) {
    fail('profile', plugin.id, `suites is ${JSON.stringify(plugin.suites)}, expected a list`);
  }
  for (const [i, { dataset, models, trainings, checks, repeats }] of plugin.suites.entries()) {
    if (repeats !== undefined) requireCount(plugin.id, `suites[${i}].repeats`, repeats);
    requireChoices(plugin.id, `suites[${i}].dataset`, [dataset]);
    requireChoices(plugin.id, `suites[${i}].models`, models);
    requireChoices(plugin.id, `suites[${i}].trainings`, trainings);
    requireChoices(plugin.id, `suites[${i}].checks`, checks);
  }
  return deepFreeze({ ...plugin, kind: 'profile' });
}

function requireCount(id: string, what: string, count: unknown): void {
  if (!Number.isInteger(count) || Number(count) < 1) {
    fail('profile', id, `${what} is ${JSON.stringify(count)}, expected an integer from 1`);
  }
}

/** A plugin's defaults with some values replaced; refuses unknown names and other types. */
export function resolveParameters(plugin: Plugin, overrides: Parameters = {}): Parameters {
  const defaults: Parameters = 'parameters' in plugin && plugin.kind !== 'profile' ? (plugin.parameters ?? {}) : {};
  for (const [name, value] of Object.entries(overrides)) {
    const expected = defaults[name];
    if (expected === undefined) {
      const known = Object.keys(defaults).join(', ') || 'none';
      fail(plugin.kind, plugin.id, `parameter "${name}" is unknown, expected one of: ${known}`);
    }
    if (
      expected !== null &&
      value !== null &&
      (typeof value !== typeof expected || Array.isArray(value) !== Array.isArray(expected))
    ) {
      fail(
        plugin.kind,
        plugin.id,
        `parameter "${name}" is ${JSON.stringify(value)}, expected something like ${JSON.stringify(expected)}`,
      );
    }
  }
  return { ...defaults, ...overrides };
}
