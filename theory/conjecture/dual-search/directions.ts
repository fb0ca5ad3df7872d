/** Directions (r, b) of neurons as lists of numbers: lengths, steps and distances on the sphere. */

/** Coordinates in descending order, bias last: F is permutation invariant. */
export function canonical(theta: readonly number[]): number[] {
  return [...theta.slice(0, -1).sort((a, b) => b - a), theta[theta.length - 1] ?? 0];
}

/** A step from a direction along a gradient, whatever its length. */
export function towards(theta: readonly number[], gradient: ArrayLike<number>, step: number): number[] {
  const aim = unit(Array.from(gradient));
  return unit(theta.map((x, at) => x * (1 - step) + step * (aim[at] ?? 0)));
}

export function unit(v: readonly number[]): number[] {
  const length = Math.sqrt(dot(v, v));
  return length > 0 ? v.map((x) => x / length) : [...v];
}

export function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, x, at) => sum + x * (b[at] ?? 0), 0);
}

export function squaredDistance(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, x, at) => sum + (x - (b[at] ?? 0)) ** 2, 0);
}
