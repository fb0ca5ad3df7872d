/**
 * The ziggurat for the standard normal: equal areas stacked under half of its curve.
 *
 * Marsaglia and Tsang, "The ziggurat method for generating random variables", Journal of Statistical
 * Software 5(8), 2000. A 32-bit word chooses a layer by its low 8 bits and a place in it by its high 24,
 * sign included; in 98.5 % of the cases that place lies wholly under the curve, and one word is all it takes.
 */

export const LAYERS = 256;

/** Places of a layer, on either side of zero. */
const PLACES = 2 ** 23;

/** Where the tail begins, and the area of each layer, for 256 layers (Marsaglia and Tsang, section 2). */
const TAIL = 3.6541528853610088;
const AREA = 0.00492867323399;

const density = (x: number) => Math.exp(-0.5 * x * x);

/** Right edges of the layers, from the tail's rectangle inward to 0. */
function edges(): Float64Array {
  const found = new Float64Array(LAYERS + 1);
  // The bottom layer also holds the tail: it is as wide as a rectangle of its area would be.
  found[0] = AREA / density(TAIL);
  found[1] = TAIL;
  for (let layer = 2; layer < LAYERS; layer++) {
    const below = found[layer - 1] as number;
    found[layer] = Math.sqrt(-2 * Math.log(AREA / below + density(below)));
  }
  return found;
}

const EDGES = edges();

/** Width of one place of a layer: place times this is the candidate. */
export const WIDTHS = Float64Array.from({ length: LAYERS }, (_, layer) => (EDGES[layer] as number) / PLACES);

/** A place below this lies under the curve whatever the height. */
export const SAFE = Int32Array.from({ length: LAYERS }, (_, layer) =>
  Math.floor(((EDGES[layer + 1] as number) / (EDGES[layer] as number)) * PLACES),
);

/**
 * What becomes of a candidate that is not surely under the curve: a normal, or undefined where it must be drawn again.
 *
 * `uniform` draws from [0, 1).
 */
export function settle(layer: number, candidate: number, uniform: () => number): number | undefined {
  if (layer === 0) return candidate < 0 ? -tail(uniform) : tail(uniform);
  const [outer, inner] = [density(EDGES[layer] as number), density(EDGES[layer + 1] as number)];
  return outer + uniform() * (inner - outer) < density(candidate) ? candidate : undefined;
}

/** A normal beyond the last edge (Marsaglia, "Generating a variable from the tail of the normal distribution", 1964). */
function tail(uniform: () => number): number {
  for (;;) {
    // 1 - uniform, since the logarithm of 0 is infinite.
    const x = -Math.log(1 - uniform()) / TAIL;
    const y = -Math.log(1 - uniform());
    if (y + y > x * x) return TAIL + x;
  }
}
