import { type DatasetContent, defineDataset, type Split, type SplitName, type Stream, UsageError } from 'attribench';

/**
 * Planted Gaussians: images [n, side, side, 1] of noise in which a few coordinates carry the class, and it is known which.
 *
 * A coordinate is base + noise; the j-th informative one is higher by `strength` where the class is j mod classes. Noise
 * has standard deviation 1 and correlation `correlation` between neighbours. There are `places` sets of `informative`
 * coordinates, each image uses one, at random; every informative coordinate has `copies - 1` others of the very same
 * value (redundancy). The signal mask is the image's own set with its copies, the null mask all else. `base` far above 0
 * makes a coordinate put to zero visible, as it is in an image; values are cut 6 standard deviations out.
 */
export default defineDataset({
  id: 'planted-gaussians',
  title: 'Planted Gaussians',
  cite: 'Control of this project',
  revision: 1,
  parameters: {
    side: 8,
    classes: 4,
    informative: 8,
    strength: 1,
    places: 1,
    copies: 1,
    correlation: 0,
    base: 3,
    train: 1000,
    validation: 200,
    test: 1000,
    seed: 0,
  },
  load: ({ parameters, stream }): DatasetContent => {
    const { side, classes, strength, base } = parameters;
    const layout = placesOf(parameters, stream.derive('layout'));
    const split = (name: SplitName) => draw(parameters, layout, parameters[name], stream.derive(name));
    return {
      shape: [side, side, 1],
      classes: Array.from({ length: classes }, (_, label) => `class ${label}`),
      bounds: { low: base - REACH, high: base + Math.max(0, strength) + REACH },
      splits: { train: split('train'), validation: split('validation'), test: split('test') },
    };
  },
});

const REACH = 6;

interface Setting {
  readonly side: number;
  readonly classes: number;
  readonly informative: number;
  readonly strength: number;
  readonly places: number;
  readonly copies: number;
  readonly correlation: number;
  readonly base: number;
}

/** Coordinates by place, informative feature and copy. */
type Layout = readonly (readonly (readonly number[])[])[];

function placesOf({ side, informative, places, copies, correlation, classes }: Setting, stream: Stream): Layout {
  const [needed, size] = [places * informative * copies, side * side];
  if (needed > size || !(correlation >= 0 && correlation < 1) || classes < 2 || Math.min(places, copies) < 1) {
    throw new UsageError(
      `[attribench] dataset "planted-gaussians": ${places} places of ${informative} features in ${copies} copies, ${classes} classes, correlation ${correlation}; expected at most ${size} coordinates, at least 2 classes and a correlation from 0 to less than 1`,
    );
  }
  const order = stream.permutation(size);
  const take = (place: number, feature: number, copy: number) =>
    order[(place * informative + feature) * copies + copy] as number;
  return Array.from({ length: places }, (_, place) =>
    Array.from({ length: informative }, (_, feature) =>
      Array.from({ length: copies }, (_, copy) => take(place, feature, copy)),
    ),
  );
}

function draw(
  { side, classes, strength, correlation, base }: Setting,
  layout: Layout,
  images: number,
  stream: Stream,
): Split {
  const size = side * side;
  const values = new Float32Array(images * size);
  const labels = new Int32Array(images);
  const signal = new Uint8Array(images * size);
  for (let image = 0; image < images; image++) {
    const own = stream.derive(image);
    const [label, place] = [own.integer(classes), own.integer(layout.length)];
    labels[image] = label;
    const field = noiseField(side, correlation, own);
    layout.forEach((features, at) => {
      features.forEach((copies, feature) => {
        const lift = at === place && feature % classes === label ? strength : 0;
        const value = lift + (field[copies[0] as number] as number);
        for (const coordinate of copies) {
          field[coordinate] = value;
          if (at === place) signal[image * size + coordinate] = 1;
        }
      });
    });
    const [low, high] = [-REACH, Math.max(0, strength) + REACH];
    values.set(
      field.map((value) => base + Math.min(high, Math.max(low, value))),
      image * size,
    );
  }
  return { images: values, labels, masks: { signal, null: signal.map((inside) => 1 - inside) } };
}

/** Normal noise [side x side] of variance 1, in which coordinates d rows and e columns apart correlate by r^(d + e). */
function noiseField(side: number, correlation: number, stream: Stream): Float32Array {
  const field = stream.normals(side * side);
  const fresh = Math.sqrt(1 - correlation ** 2);
  // Along rows, then along columns: each time a coordinate takes r of the one before it and the rest anew.
  for (const [step, first] of [
    [1, (i: number) => i % side === 0],
    [side, (i: number) => i < side],
  ] as const) {
    for (let i = 0; i < field.length; i++) {
      if (!first(i)) field[i] = correlation * (field[i - step] as number) + fresh * (field[i] as number);
    }
  }
  return field;
}
