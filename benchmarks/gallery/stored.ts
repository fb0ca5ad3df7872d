/**
 * The gallery of a finished run: one image of each of two classes, every method's maps, one group of rows a training.
 *
 * Nothing is computed: what the store lacks is named in the error. All groups show the first training
 * index whose maps are all there, so one picture is of one seed and no seed is chosen by its looks.
 */
import {
  type AttributionMaps,
  type DatasetContent,
  type ImageShape,
  inMemory,
  type StepKind,
  UsageError,
} from 'attribench';
import type { Registry } from '../../harness/plugins.ts';
import type { PlannedCell, RunPlan } from '../../harness/runner.ts';
import { StepInputs } from '../../harness/steps/kinds/inputs.ts';
import { MissingInput } from '../../harness/steps/missing-input.ts';
import type { Store } from '../../harness/steps/store.ts';
import type { Gallery, GalleryGroup, GalleryImage, GalleryMap } from './render.ts';

const CLASSES = 2;

/** The gallery of a plan's cells, which must be of one check and data set; groups in the plan's order, controls after methods. */
export async function galleryOf(registry: Registry, plan: RunPlan, store: Store): Promise<Gallery> {
  const [first] = plan.cells;
  if (first === undefined) throw new UsageError('[attribench] gallery: the plan has no cell');
  const training = await firstStoredTraining(plan, store);
  const open = (planned: PlannedCell) => new Opened(planned, training, store);
  const content = await open(first).dataset();
  const chosen = chooseImages(content);
  const controls = (id: string) => Number(registry.find('method', id).plugin.role === 'control');
  const methods = distinct(plan.cells.map(methodOf)).sort((a, b) => controls(a) - controls(b));
  const groups: GalleryGroup[] = [];
  for (const title of distinct(plan.cells.map((planned) => groupTitle(registry, planned)))) {
    const maps: GalleryMap[][] = chosen.map(() => []);
    for (const id of methods) {
      const cell = plan.cells.find((planned) => groupTitle(registry, planned) === title && methodOf(planned) === id);
      if (cell === undefined) throw new UsageError(`[attribench] gallery: ${title} has no maps of ${id}`);
      const all = await open(cell).maps();
      chosen.forEach((image, row) => {
        maps[row]?.push(oneMap(all, content, image));
      });
    }
    groups.push({ title, maps });
  }
  return {
    shape: content.shape,
    images: chosen.map((image) => galleryImage(content, image)),
    columns: methods.map((id) => {
      const { title, role, rank } = registry.find('method', id).plugin;
      return { title: role === 'control' ? `${title} (control)` : title, rank };
    }),
    groups,
    notes: [
      'Framed: the null block, which says nothing of the class. Number: share of the map’s total |attribution| that falls into it.',
    ],
  };
}

/** What the evaluation of a cell reads, for one training. */
class Opened {
  readonly #inputs: StepInputs;
  readonly #names: readonly (readonly [name: string, kind: StepKind])[];

  constructor(planned: PlannedCell, training: number, store: Store) {
    const evaluation = planned.evaluations[planned.trainings.indexOf(training)];
    if (evaluation === undefined)
      throw new UsageError(`[attribench] gallery: ${planned.path} is skipped: ${planned.skipped}`);
    this.#inputs = new StepInputs(evaluation, {
      store,
      signal: new AbortController().signal,
      progress: () => {},
      log: console.error,
    });
    this.#names = Object.entries(evaluation.inputs).map(([name, { kind }]) => [name, kind]);
  }

  async dataset(): Promise<DatasetContent> {
    return inMemory(await this.#inputs.dataset(this.#name('dataset')));
  }

  maps(): Promise<AttributionMaps> {
    return this.#inputs.maps(this.#name('attribution'));
  }

  /** Whether the maps are stored, of a training that was not excluded. */
  async complete(): Promise<boolean> {
    try {
      return (await this.#inputs.head(this.#name('attribution'))).outcome.status === 'completed';
    } catch (thrown) {
      if (thrown instanceof MissingInput) return false;
      throw thrown;
    }
  }

  #name(kind: StepKind): string {
    const found = this.#names.find(([, itsKind]) => itsKind === kind);
    if (found === undefined) throw new UsageError(`[attribench] gallery: the check reads no ${kind}`);
    return found[0];
  }
}

async function firstStoredTraining(plan: RunPlan, store: Store): Promise<number> {
  let lacking = '';
  for (const training of plan.cells[0]?.trainings ?? []) {
    let complete = true;
    for (const planned of plan.cells) {
      if (await new Opened(planned, training, store).complete()) continue;
      complete = false;
      lacking ||= planned.path;
    }
    if (complete) return training;
  }
  const { profile, engine } = plan;
  throw new UsageError(
    `[attribench] gallery: no training has all its maps stored, first lacking ${lacking}: run "attribench run --profile ${profile.id} --engine ${engine.name}" first`,
  );
}

function methodOf({ cell }: PlannedCell): string {
  return cell.method?.id ?? '';
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)];
}

function groupTitle(registry: Registry, { cell: { model, training } }: PlannedCell): string {
  return `${registry.find('training', training.id).plugin.title} training, ${registry.find('model', model.id).plugin.title}`;
}

/** The first image of each of the first classes, its signal block above and below in turn. */
function chooseImages({ classes, splits: { test }, shape }: DatasetContent): number[] {
  const pixels = shape[0] * shape[1];
  return classes.slice(0, CLASSES).map((name, label) => {
    const above = label % 2;
    const found = test.labels.findIndex(
      (other, i) => other === label && (test.masks === undefined || test.masks.null[i * pixels] === above),
    );
    if (found < 0) throw new UsageError(`[attribench] gallery: the test split has no fitting image of class "${name}"`);
    return found;
  });
}

function galleryImage({ classes, shape, splits: { test } }: DatasetContent, index: number): GalleryImage {
  const size = shape[0] * shape[1] * shape[2];
  const values = test.images.subarray(index * size, (index + 1) * size);
  const pixels = Float32Array.from(values, (value) => (values instanceof Uint8Array ? value / 255 : value));
  const caption = `“${classes[test.labels[index] ?? -1]}”`;
  const frame = test.masks === undefined ? undefined : boundingBox(test.masks.null, shape, index);
  return { pixels, caption, ...(frame === undefined ? {} : { frame }) };
}

function boundingBox(mask: Uint8Array, [height, width]: ImageShape, index: number): GalleryImage['frame'] {
  const own = mask.subarray(index * height * width, (index + 1) * height * width);
  const lit = [...own.keys()].filter((pixel) => own[pixel] === 1);
  if (lit.length === 0) return undefined;
  const rows = lit.map((pixel) => Math.floor(pixel / width));
  const columns = lit.map((pixel) => pixel % width);
  const [top, left] = [Math.min(...rows), Math.min(...columns)];
  return { top, left, height: Math.max(...rows) - top + 1, width: Math.max(...columns) - left + 1 };
}

function oneMap(maps: AttributionMaps, { shape, splits: { test } }: DatasetContent, index: number): GalleryMap {
  const [pixels, channels] = [shape[0] * shape[1], shape[2]];
  const values = maps.values.slice(index * pixels * channels, (index + 1) * pixels * channels);
  const mask = test.masks?.null.subarray(index * pixels, (index + 1) * pixels);
  if (mask === undefined) return { values, caption: '' };
  let [inside, total] = [0, 0];
  values.forEach((value, i) => {
    total += Math.abs(value);
    if (mask[Math.floor(i / channels)] === 1) inside += Math.abs(value);
  });
  return { values, caption: total === 0 ? 'empty map' : `${Math.round((100 * inside) / total)} %` };
}
