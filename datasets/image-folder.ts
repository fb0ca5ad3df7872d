/**
 * Your own pictures: a folder with one subfolder a class, in `folder` or else in the data set's place in the data folder.
 *
 * All pictures are split 70 / 10 / 20 % by class with the seed. They are decoded once, when the data set
 * is stored, and do not have to fit in memory. The parameter `version` stands for the content of the
 * folder: change it when the pictures change, since results are kept by the parameters.
 */
import { resolve } from 'node:path';
import { defineDataset, stratifiedSplit, UsageError } from 'attribench';
import { checkFitting, foldersIn, pictureStream, picturesIn } from './image-folders/pictures.ts';

export default defineDataset({
  id: 'image-folder',
  title: 'A folder of images',
  cite: 'the pictures of the user',
  revision: 1,
  parameters: { folder: '', resize: 64, size: 64, channels: 3, version: 1, seed: 0 },
  async load({ folder, parameters, stream, signal, progress }) {
    const { resize, size } = parameters;
    const fitting = { resize, size, channels: parameters.channels as 1 | 3 };
    checkFitting(fitting);
    const root = parameters.folder === '' ? folder : resolve(parameters.folder);
    const classes = await foldersIn(root);
    if (classes.length < 2)
      throw new UsageError(`[attribench] ${root} holds ${classes.length} folders, expected one a class, at least 2`);
    const pictures: string[] = [];
    const labels: number[] = [];
    for (const [label, name] of classes.entries()) {
      for (const path of await picturesIn(`${root}/${name}`)) {
        pictures.push(path);
        labels.push(label);
      }
    }
    const indices = stratifiedSplit(labels, classes, stream);
    const split = (chosen: Uint32Array) => ({
      images: pictureStream(
        Array.from(chosen, (i) => pictures[i] ?? ''),
        fitting,
        signal,
        progress,
      ),
      labels: Int32Array.from(chosen, (i) => labels[i] ?? -1),
    });
    return {
      shape: [size, size, fitting.channels] as const,
      classes,
      bounds: { low: 0, high: 1 },
      splits: { train: split(indices.train), validation: split(indices.validation), test: split(indices.test) },
    };
  },
});
