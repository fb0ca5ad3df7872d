/**
 * `npm run bench:planted`: which measures order planted maps rightly; writes results/diffroar/planted.json.
 *
 * Parts, each in a process of its own: noise without correlation, noise that is smooth as images are, where what fills
 * a removed coordinate can be told from its surroundings, and some scenarios again with networks in the place of the
 * regression. Names of parts as arguments run these alone and leave the rest of the record as it is.
 */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { spearman } from 'attribench';
import writeFileAtomic from 'write-file-atomic';
import { loadEngine } from '../../harness/engine/index.ts';
import { canonicalText } from '../../harness/results/records.ts';
import { CANDIDATES } from './candidates.ts';
import { byNetwork } from './experiment.ts';
import { SCENARIOS } from './scenarios.ts';
import { DATA, LEVEL, type Study, type StudyRequest, study, TOLERANCE } from './study.ts';
import { falseVerdicts } from './verdicts.ts';

/** Data sets on which the verdict judges random maps. */
const RANDOM_RUNS = 400;

const PARTS: { readonly [name: string]: StudyRequest } = {
  'independent-noise': { replicates: 6, data: { correlation: 0 } },
  'smooth-noise': { replicates: 6, data: { correlation: 0.8 } },
  networks: {
    replicates: 3,
    data: { correlation: 0.8 },
    scenarios: ['signal-top', 'leak-top', 'leak-both', 'signal-top-leak-both'],
    candidates: ['image', 'noise', 'road', 'pixels', 'random-class', 'drawn-class'],
    retrainer: byNetwork,
  },
};

const [first, ...names] = process.argv.slice(2);
if (first === '--part') {
  const request = PARTS[names[0] ?? ''];
  if (request?.retrainer !== undefined) await loadEngine('wasm');
  console.log(JSON.stringify(request === undefined ? await falseVerdicts(RANDOM_RUNS) : await study(request)));
} else {
  await runParts(first === undefined ? [...Object.keys(PARTS), 'random-maps'] : [first, ...names]);
}

async function runParts(chosen: readonly string[]): Promise<void> {
  const file = fileURLToPath(new URL('../../results/diffroar/planted.json', import.meta.url));
  const made = await Promise.all(
    chosen.map(async (name) => {
      const argv = ['--import', 'tsx', fileURLToPath(import.meta.url), '--part', name];
      const { stdout } = await promisify(execFile)(process.execPath, argv, { maxBuffer: 2 ** 26 });
      const result = JSON.parse(stdout);
      print(name, result);
      return [name, name in PARTS ? { ...settingsOf(name), ...result } : result] as const;
    }),
  );
  const before = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  await writeFileAtomic(file, canonicalText({ ...before, ...Object.fromEntries(made) }));
}

function settingsOf(name: string) {
  const { replicates, data } = PARTS[name] as StudyRequest;
  return { replicates, settings: { ...DATA, ...data, level: LEVEL, tolerance: TOLERANCE } };
}

function print(name: string, result: Study | object): void {
  if (!('scenarios' in result)) {
    console.log(`\n${name}: ${JSON.stringify(result)}`);
    return;
  }
  const { accuracy, scenarios } = result;
  const asked = CANDIDATES.filter(({ id }) => scenarios[0]?.candidates.some((one) => one.id === id));
  console.log(
    `\n${name}, n = ${PARTS[name]?.replicates}, accuracy of the model explained ${accuracy.estimate.toFixed(3)}`,
  );
  console.log(['', 'truth', ...asked.map(({ id }) => id)].join('\t'));
  for (const { id, truth, candidates } of scenarios) {
    const title = SCENARIOS.find((scenario) => scenario.id === id)?.title ?? id;
    const cells = candidates.map(({ figure: { estimate, interval }, finding }) => {
      return `${estimate.toFixed(3)} +- ${((interval[1] - interval[0]) / 2).toFixed(3)} ${finding}`;
    });
    console.log([title, truth.estimate.toFixed(3), ...cells].join('\t'));
  }
  const truths = scenarios.map(({ truth }) => truth.estimate);
  asked.forEach(({ title }, c) => {
    const findings = scenarios.map(({ candidates }) => candidates[c]?.finding);
    const counts = ['right', 'blind', 'fooled', 'open'].map(
      (kind) => `${kind} ${findings.filter((finding) => finding === kind).length}`,
    );
    const correlation = spearman(
      scenarios.map(({ candidates }) => candidates[c]?.figure.estimate ?? 0),
      truths,
    );
    console.log(`${title}: ${counts.join(', ')} of ${scenarios.length}; rank correlation ${correlation?.toFixed(2)}`);
  });
}
