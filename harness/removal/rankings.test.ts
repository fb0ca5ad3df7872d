import { describe, expect, test } from 'vitest';
import type { AttributionMaps, ImageShape, Rank } from '../contracts.ts';
import { stream } from '../random.ts';
import { keepMask, rankCoordinates } from './masks.ts';
import { coordinateRanking, RANKINGS } from './rankings.ts';
import { transformMap } from './transforms.ts';

const SHAPE: ImageShape = [4, 5, 2];
const SIZE = 40;

function maps(images: number, name: string, rank: Rank = 'magnitude', classes = 3): AttributionMaps {
  const random = stream('maps', name);
  return {
    shape: SHAPE,
    rank,
    values: random.normals(images * SIZE),
    classes: Int32Array.from({ length: images }, () => random.integer(classes)),
  };
}

const train = maps(30, 'train');
const test20 = maps(20, 'test');
const ties = stream('ties', 0);
const mapAt = ({ values }: AttributionMaps, image: number) => values.slice(image * SIZE, (image + 1) * SIZE);

/** Mean of |map| (or of the map) over chosen images, coordinate by coordinate. */
function slowMean(of: AttributionMaps, chosen: (label: number) => boolean): Float32Array {
  const images = [...of.classes.keys()].filter((image) => chosen(of.classes[image] ?? -1));
  return Float32Array.from({ length: SIZE }, (_, i) => {
    const values = images
      .map((image) => mapAt(of, image)[i] ?? 0)
      .map((v) => (of.rank === 'magnitude' ? Math.abs(v) : v));
    return values.reduce((sum, value) => sum + value, 0) / images.length;
  });
}

describe.each(RANKINGS)('%s', (ranking) => {
  test('orders every coordinate once, whatever else is asked for', () => {
    const forwards = coordinateRanking(ranking, train, ties);
    const backwards = coordinateRanking(ranking, train, ties);
    const images = [...test20.classes.keys()];
    const there = images.map((image) => [...forwards(test20, 'test', image)]);
    const back = images.toReversed().map((image) => [...backwards(test20, 'test', image)]);
    expect(back.toReversed()).toEqual(there);
    for (const ranks of there) expect([...ranks].sort((a, b) => a - b)).toEqual([...Array(SIZE).keys()]);
  });

  test('top and bottom masks share nothing up to one half', () => {
    const rank = coordinateRanking(ranking, train, ties);
    for (let image = 0; image < 20; image++) {
      const ranks = rank(test20, 'test', image);
      const [top, bottom] = [keepMask(ranks, 0.5, 'top'), keepMask(ranks, 0.5, 'bottom')];
      expect(top.every((one, i) => one + (bottom[i] ?? 0) === 1)).toBe(true);
    }
  });
});

test("image: the order of the image's own map", () => {
  const rank = coordinateRanking('image', train, ties);
  const slow = rankCoordinates(mapAt(test20, 4), 'magnitude', () => stream('ties', 0, 'test', 4));
  expect(rank(test20, 'test', 4)).toEqual(slow);
});

test.each(['magnitude', 'value'] as const)('class and global: the order of mean maps, by %s', (by) => {
  const [own, other] = [maps(30, 'a', by), maps(20, 'b', by)];
  const [ofClass, global] = [coordinateRanking('class', own, ties), coordinateRanking('global', own, ties)];
  for (let image = 0; image < 20; image++) {
    const predicted = other.classes[image] ?? -1;
    const values = (ranks: Uint32Array, mean: Float32Array) => Array.from(ranks, (i) => mean[i] ?? 0);
    const ascending = (mean: Float32Array) => [...mean].sort((a, b) => a - b);
    const meanOfClass = slowMean(own, (label) => label === predicted);
    values(ofClass(other, 'test', image), meanOfClass).forEach((value, i) => {
      expect(value).toBeCloseTo(ascending(meanOfClass)[i] ?? Number.NaN, 6);
    });
    const meanOfAll = slowMean(own, () => true);
    values(global(other, 'test', image), meanOfAll).forEach((value, i) => {
      expect(value).toBeCloseTo(ascending(meanOfAll)[i] ?? Number.NaN, 6);
    });
  }
});

test('a class without training images has the ranking of all', () => {
  const unseen: AttributionMaps = { ...test20, classes: test20.classes.map(() => 99) };
  const [ofClass, global] = [coordinateRanking('class', train, ties), coordinateRanking('global', train, ties)];
  expect(ofClass(unseen, 'test', 0)).toEqual(global(unseen, 'test', 0));
});

test("random-class: one of the class rankings, each as often, whatever the image's own class", () => {
  const many = maps(3000, 'many');
  const [random, ofClass] = [coordinateRanking('random-class', train, ties), coordinateRanking('class', train, ties)];
  const known = [0, 1, 2].map((label) =>
    ofClass({ ...test20, classes: test20.classes.map(() => label) }, 'test', 0).join(),
  );
  const counts = [0, 1, 2].map(() => [0, 0, 0]);
  many.classes.forEach((own, image) => {
    const drawn = known.indexOf(random(many, 'test', image).join());
    const row = counts[own] ?? [];
    row[drawn] = (row[drawn] ?? 0) + 1;
  });
  expect(coordinateRanking('random-class', train, ties)(many, 'test', 5)).toEqual(random(many, 'test', 5));
  for (const row of counts) {
    const total = row.reduce((sum, count) => sum + count, 0);
    // Four standard errors of a share of a third.
    for (const count of row) expect(Math.abs(count / total - 1 / 3)).toBeLessThan(4 * Math.sqrt(2 / 9 / total));
  }
});

test('dilated: the union of windows around the highest, the last one cut', () => {
  const [own, wide] = [coordinateRanking('image', train, ties), coordinateRanking('dilated', train, ties)];
  for (let image = 0; image < 20; image++) {
    const ranks = [...own(test20, 'test', image)].toReversed();
    /** Coordinates of the same channel at most one row and one column away. */
    const windowOf = (at: number) =>
      [...Array(SIZE).keys()].filter((other) => {
        const [y, x, c] = [Math.floor(at / 10), Math.floor((at % 10) / 2), at % 2];
        const [v, u, d] = [Math.floor(other / 10), Math.floor((other % 10) / 2), other % 2];
        return c === d && Math.abs(y - v) <= 1 && Math.abs(x - u) <= 1;
      });
    const union: number[] = [];
    for (const at of ranks) {
      const added = windowOf(at).filter((other) => !union.includes(other));
      union.push(...added.sort((a, b) => ranks.indexOf(a) - ranks.indexOf(b)));
    }
    expect([...wide(test20, 'test', image)].toReversed()).toEqual(union);
  }
});

test('a transformed ranking is that of the transformed map', () => {
  const slow = transformMap('blurred', test20, mapAt(test20, 3), stream('ties', 0, 'transform', 'test', 3));
  const expected = rankCoordinates(slow, 'value', () => stream('ties', 0, 'test', 3));
  expect(coordinateRanking('blurred', train, ties)(test20, 'test', 3)).toEqual(expected);
});

test('an image without a map is refused', () => {
  expect(() => coordinateRanking('image', train, ties)(test20, 'test', 20)).toThrow('map 20, expected 0 to 19');
});
