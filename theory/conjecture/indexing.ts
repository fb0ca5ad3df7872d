/**
 * Array elements without `undefined`, for inner loops whose indices are in range by construction.
 *
 * One reader per array type: V8 keeps each access monomorphic.
 */
export function at(values: Float64Array, index: number): number {
  return values[index] as number;
}

export function bitsAt(values: Int32Array, index: number): number {
  return values[index] as number;
}
