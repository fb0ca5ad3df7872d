/**
 * Draws the picture of maps beside images from what a run stored: `node --import tsx benchmarks/gallery/run.ts --profile standard`.
 *
 * Names of methods, trainings and models narrow it, as in `attribench run`; `--out` says where the PNG goes.
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { Registry } from '../../harness/plugins.ts';
import { planRun } from '../../harness/runner.ts';
import { Store } from '../../harness/steps/store.ts';
import { renderGallery } from './render.ts';
import { galleryOf } from './stored.ts';

const several = { type: 'string', multiple: true } as const;

try {
  const { values } = parseArgs({
    options: {
      profile: { type: 'string', default: 'standard' },
      engine: { type: 'string' },
      dataset: { type: 'string', default: 'blockmnist' },
      method: several,
      training: { ...several, default: ['standard', 'pgd-l2'] },
      model: several,
      out: { type: 'string', default: 'benchmarks/gallery/blockmnist.png' },
    },
  });
  const registry = await Registry.load();
  const methods = registry.all('method').filter(({ plugin }) => plugin.role !== 'oracle');
  const plan = await planRun(registry, {
    profile: values.profile,
    checks: ['null-block-leakage'],
    datasets: [values.dataset],
    methods: values.method ?? methods.map(({ id }) => id),
    trainings: values.training,
    ...(values.engine === undefined ? {} : { engine: values.engine }),
    ...(values.model === undefined ? {} : { models: values.model }),
  });
  const picture = await renderGallery(await galleryOf(registry, plan, await Store.open()));
  await writeFile(values.out, picture);
  console.log(`${values.out}: ${plan.cells.length} sets of maps, ${Math.round(picture.length / 1024)} KiB`);
} catch (thrown) {
  console.error(thrown instanceof Error ? thrown.message : String(thrown));
  process.exitCode = 2;
}
