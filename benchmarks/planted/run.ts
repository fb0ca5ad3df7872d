/**
 * `npm run bench:planted`: which measures order planted maps rightly; writes results/diffroar/planted.json.
 *
 * Two kinds of data, each in a process of its own: noise without correlation, and noise that is smooth as images are,
 * where what fills a removed coordinate can be told from its surroundings. Minutes on a core; no engine is needed.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { spearman } from 'attribench';
import writeFileAtomic from 'write-file-atomic';
import { canonicalText } from '../../harness/results/records.ts';
import { CANDIDATES } from './candidates.ts';
import { SCENARIOS } from './scenarios.ts';
import { DATA, LEVEL, type Study, study, TOLERANCE } from './study.ts';
import { falseVerdicts } from './verdicts.ts';

const REPLICATES = 12;
/** Data sets on which the verdict judges random maps. */
const RANDOM_RUNS = 2000;
const CORRELATIONS = [0, 0.8];

const [part] = process.argv.slice(2).map(Number);
if (part === undefined) {
  const file = fileURLToPath(import.meta.url);
  const parts = await Promise.all(
    CORRELATIONS.map(async (correlation) => {
      const argv = ['--import', 'tsx', file, String(correlation)];
      const { stdout } = await promisify(execFile)(process.execPath, argv, { maxBuffer: 2 ** 26 });
      const result: Study = JSON.parse(stdout);
      print(correlation, result);
      return { correlation, rankCorrelation: rankCorrelations(result), ...result };
    }),
  );
  const settings = { ...DATA, level: LEVEL, tolerance: TOLERANCE, replicates: REPLICATES };
  const onRandomMaps = falseVerdicts(RANDOM_RUNS);
  console.log(`\nverdict on random maps: ${JSON.stringify(onRandomMaps)}`);
  const record = { settings, onRandomMaps, parts };
  await writeFileAtomic(
    fileURLToPath(new URL('../../results/diffroar/planted.json', import.meta.url)),
    canonicalText(JSON.parse(JSON.stringify(record))),
  );
} else {
  let told = 0;
  const result = study(REPLICATES, { correlation: part }, (share) => {
    if (share < told + 0.05) return;
    told = share;
    console.error(`correlation ${part}: ${Math.round(100 * share)} %`);
  });
  console.log(JSON.stringify(result));
}

/** Spearman's correlation of each candidate with the truth over the scenarios. */
function rankCorrelations({ scenarios }: Study): { readonly [candidate: string]: number | null } {
  const truth = scenarios.map((scenario) => scenario.truth.estimate);
  return Object.fromEntries(
    CANDIDATES.map(({ id }, c) => [
      id,
      spearman(
        scenarios.map(({ candidates }) => candidates[c]?.figure.estimate ?? 0),
        truth,
      ),
    ]),
  );
}

function print(correlation: number, result: Study): void {
  const { accuracy, scenarios } = result;
  console.log(
    `\nnoise correlation ${correlation}, ${REPLICATES} replicates, model accuracy ${accuracy.estimate.toFixed(3)}`,
  );
  const columns = ['truth', ...CANDIDATES.map(({ id }) => id)];
  console.log(['', ...columns].join('\t'));
  scenarios.forEach(({ id, truth, candidates }) => {
    const title = SCENARIOS.find((scenario) => scenario.id === id)?.title ?? id;
    const cells = candidates.map(({ figure, finding }) => `${figure.estimate.toFixed(3)} ${finding}`);
    console.log([title, truth.estimate.toFixed(3), ...cells].join('\t'));
  });
  for (const { id, title } of CANDIDATES) {
    const findings = scenarios
      .flatMap(({ candidates }) => candidates.filter((one) => one.id === id))
      .map(({ finding }) => finding);
    const counts = (['right', 'blind', 'fooled', 'open'] as const).map(
      (kind) => `${kind} ${findings.filter((finding) => finding === kind).length}`,
    );
    console.log(
      `${title}: ${counts.join(', ')} of ${scenarios.length}; rank correlation ${rankCorrelations(result)[id]?.toFixed(2)}`,
    );
  }
}
