/**
 * ImageNet-10: ten groups of six ILSVRC-2012 classes each, as the user's own copy holds them.
 *
 * Wanted in the data folder: train/<class>/*.JPEG and val/<class>/*.JPEG, named by WordNet id; only the 60
 * folders listed here are read. Shorter side to `resize`, the middle `size` x `size` cut out, as the paper
 * prepares test images; its random crops are the training's augmentation. Images are decoded once and stay
 * on disk. Test images are the published validation images; a share of the training images is held out.
 *
 * The groups are `mixed_10` of the `robustness` library, balanced to six: of the classes below each WordNet
 * noun, the first six by id. Its lists are worked out here from WordNet 3.0 and the sizes that it states (8
 * felines, 7 fruits: domestic cats and most edible fruits hang elsewhere in its tree); "feline" and "fruit"
 * are therefore our reading.
 */
import { defineDataset, publishedIndices } from 'attribench';
import { checkFitting, pictureStream, picturesIn } from './image-folders/pictures.ts';

const GROUPS: { readonly [name: string]: readonly string[] } = {
  dog: ['n02085620', 'n02085782', 'n02085936', 'n02086079', 'n02086240', 'n02086646'],
  bird: ['n01514668', 'n01514859', 'n01518878', 'n01530575', 'n01531178', 'n01532829'],
  insect: ['n02165105', 'n02165456', 'n02167151', 'n02168699', 'n02169497', 'n02172182'],
  monkey: ['n02486261', 'n02486410', 'n02487347', 'n02488291', 'n02488702', 'n02489166'],
  car: ['n02701002', 'n02814533', 'n02930766', 'n03100240', 'n03594945', 'n03670208'],
  feline: ['n02125311', 'n02127052', 'n02128385', 'n02128757', 'n02128925', 'n02129165'],
  truck: ['n03345487', 'n03417042', 'n03796401', 'n03930630', 'n03977966', 'n04461696'],
  fruit: ['n07742313', 'n11879895', 'n12144580', 'n12267677', 'n12620546', 'n12768682'],
  fungus: ['n12985857', 'n12998815', 'n13037406', 'n13040303', 'n13044778', 'n13052670'],
  boat: ['n02951358', 'n03344393', 'n03447447', 'n03662601', 'n04273569', 'n04612504'],
};
const CLASSES = Object.keys(GROUPS);

export default defineDataset({
  id: 'imagenet-10',
  title: 'ImageNet-10',
  cite: 'Russakovsky et al., "ImageNet large scale visual recognition challenge", IJCV 2015; grouping: Engstrom et al., robustness (Python library), 2019',
  revision: 1,
  parameters: { resize: 128, size: 112, validation: 0.1, seed: 0 },
  async load({ folder, parameters, stream, signal, progress }) {
    const { resize, size } = parameters;
    const fitting = { resize, size, channels: 3 } as const;
    checkFitting(fitting);
    const [train, test] = [await listed(`${folder}/train`), await listed(`${folder}/val`)];
    const validation = Math.round(parameters.validation * train.labels.length);
    const counts = { train: train.labels.length - validation, validation, test: test.labels.length };
    const indices = publishedIndices({ train: train.labels, test: test.labels }, CLASSES, counts, stream);
    const split = (part: typeof train, chosen: Uint32Array) => ({
      images: pictureStream(
        Array.from(chosen, (i) => part.pictures[i] ?? ''),
        fitting,
        signal,
        progress,
      ),
      labels: Int32Array.from(chosen, (i) => part.labels[i] ?? -1),
    });
    return {
      shape: [size, size, 3] as const,
      classes: CLASSES,
      bounds: { low: 0, high: 1 },
      splits: {
        train: split(train, indices.train),
        validation: split(train, indices.validation),
        test: split(test, indices.test),
      },
    };
  },
});

/** All pictures of the 60 classes with the index of their group. */
async function listed(
  folder: string,
): Promise<{ readonly pictures: readonly string[]; readonly labels: readonly number[] }> {
  const pictures: string[] = [];
  const labels: number[] = [];
  for (const [label, ids] of Object.values(GROUPS).entries()) {
    for (const id of ids) {
      for (const path of await picturesIn(`${folder}/${id}`)) {
        pictures.push(path);
        labels.push(label);
      }
    }
  }
  return { pictures, labels };
}
