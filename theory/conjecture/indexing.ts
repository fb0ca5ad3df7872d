/**
 * Array elements without `undefined`, for inner loops whose indices are in range by construction.
 *
 * One reader per array type: V8 keeps each access monomorphic. Inner loops bind them once, `const { at } = indexing`:
 * where modules are rewritten, as Vitest does, an imported name is looked up at every call, which made proofs six times
 * slower.
 */
export function at(values: Float64Array, index: number): number {
  return values[index] as number;
}

export function bitsAt(values: Int32Array, index: number): number {
  return values[index] as number;
}
