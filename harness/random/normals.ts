/**
 * Many normals at once: the loop runs in WebAssembly, which has the generator's 64-bit words, at a third of the time that
 * JavaScript takes; the few candidates that need a closer look are settled here.
 */
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import { SAFE, settle, WIDTHS } from './normal-layers.ts';
import { NORMAL_LOOP } from './normal-loop.ts';

type Generator = ReturnType<typeof xoroshiro128plusFromState>;

/** What is needed of the WebAssembly that every engine of JavaScript has; the types of Node.js leave it out. */
interface WebAssembly {
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (
    module: object,
  ) => {
    readonly exports: { readonly memory: { readonly buffer: ArrayBuffer }; fill(from: number, count: number): number };
  };
}
const { Module, Instance } = (globalThis as unknown as { readonly WebAssembly: WebAssembly }).WebAssembly;
const { memory, fill } = new Instance(new Module(Buffer.from(NORMAL_LOOP, 'base64'))).exports;

// Where things lie is said in normal-loop.wat.
const WORDS = new Int32Array(memory.buffer, 0, 5);
new Int32Array(memory.buffer, 64).set(SAFE);
new Float64Array(memory.buffer, 1088, WIDTHS.length).set(WIDTHS);
const BLOCK = new Float32Array(memory.buffer, 4096);

/** Fills `values` with standard normals of 24 bits, and returns the generator as it is after them. */
export function fillNormals(generator: Generator, values: Float32Array): Generator {
  toWords(generator);
  for (let first = 0; first < values.length; first += BLOCK.length) {
    const count = Math.min(BLOCK.length, values.length - first);
    for (let i = fill(0, count); i < count; i = fill(i, count)) {
      const word = WORDS[4] as number;
      const layer = word & (WIDTHS.length - 1);
      const state = fromWords();
      const candidate = (word >> 8) * (WIDTHS[layer] as number);
      // In place: tsx names a function that stands in a constant, at every call, which would cost more than the loop.
      const value = settle(layer, candidate, () => (state.next() >>> 0) * 2 ** -32);
      toWords(state);
      if (value !== undefined) BLOCK[i++] = value;
    }
    values.set(BLOCK.subarray(0, count), first);
  }
  return fromWords();
}

/** pure-rand tells the high half of each word before its low half. */
function toWords(generator: Generator): void {
  const state = generator.getState();
  for (let i = 0; i < 4; i++) WORDS[i] = state[i ^ 1] as number;
}

function fromWords(): Generator {
  // By index: to take an array apart by a pattern would cost more than all else here.
  return xoroshiro128plusFromState([WORDS[1], WORDS[0], WORDS[3], WORDS[2]] as number[]);
}
