/**
 * Native TensorFlow on CUDA: tfjs-node-gpu's JavaScript over an addon that `attribench engine install
 * tensorflow-gpu` builds. Where libtensorflow takes no GPU it computes on the CPU, and says so.
 *
 * It is used when asked for by name: what a GPU computes depends on the card and its driver.
 */
import { type Engine, TFJS_VERSION } from './engine.ts';
import { loadNative } from './native/backend.ts';
import { type CudaSearch, cudaVersion, prepareCuda, searchCuda } from './native/cuda.ts';
import { nativeStatus } from './native/status.ts';
import { TENSORFLOW_GPU } from './native/wheel.ts';

/** One search a process and addon: it starts CUDA. */
const searches = new Map<string, Promise<CudaSearch>>();

function searchOnce(addon: string): Promise<CudaSearch> {
  const known = searches.get(addon);
  if (known !== undefined) return known;
  const search = searchCuda(addon);
  searches.set(addon, search);
  return search;
}

export const tensorflowGpu: Engine = {
  name: 'tensorflow-gpu',
  onlyByName: true,
  sharedDevice: true,
  async probe() {
    const built = nativeStatus(TENSORFLOW_GPU);
    if (!built.installed) return { present: false, version: TFJS_VERSION, why: built.why };
    const version = `${TFJS_VERSION}+libtensorflow.${built.library}`;
    const search = await searchOnce(built.addon);
    if (!search.loads) return { present: false, version, why: search.why };
    return { present: true, version: `${version}+${cudaVersion(search)}`, why: search.why };
  },
  async load() {
    const built = nativeStatus(TENSORFLOW_GPU);
    if (!built.installed) throw new Error(`[attribench] engine tensorflow-gpu: ${built.why}`);
    const search = await searchOnce(built.addon);
    prepareCuda();
    const { onGpu } = await loadNative(built.addon, TENSORFLOW_GPU.npmPackage);
    // Records name the device that the search found: nothing may be computed on another under that name.
    const expected = search.loads && search.device !== undefined;
    if (onGpu !== expected) {
      const places = onGpu ? 'a GPU, none was found' : 'the CPU, a GPU was found';
      throw new Error(`[attribench] engine tensorflow-gpu computes on ${places} a moment ago: ${search.why}`);
    }
  },
  // Not measured on a card: what is copied there once need not cross the bus at every step.
  keptBytes: () => 2 ** 30,
};
