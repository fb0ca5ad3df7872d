/**
 * What the native engines stand on, pinned: files that PyPI serves. They hold TensorFlow's C library with its
 * headers, and NVIDIA's libraries; no Python of them is used, so the file for one Python version serves
 * whatever Python is here.
 */

export type NativeName = 'tensorflow' | 'tensorflow-gpu';

/** One pinned file. */
export interface Wheel {
  readonly file: string;
  /** For `pip download`: '<project>==<version>'. */
  readonly requirement: string;
  readonly bytes: number;
  readonly sha256: string;
  /** What is taken: entries that start with `from`, laid where that start is replaced by `to` in the engine's folder. */
  readonly take: readonly { readonly from: string; readonly to: string }[];
}

/** One native engine: what is downloaded, how it lies, and whose addon is compiled. */
export interface Native {
  readonly name: NativeName;
  /** Version of libtensorflow. */
  readonly library: string;
  /** Raised when the same library must be built or laid out anew. */
  readonly layout: number;
  /** The npm package with the addon's sources and its JavaScript. */
  readonly npmPackage: string;
  /** Where the addon and libtensorflow lie in the engine's folder. */
  readonly place: string;
  readonly wheels: readonly Wheel[];
  /** What the finished folder takes. */
  readonly unpackedBytes: number;
}

const LIBRARY_VERSION = '2.18.1';

/** Libraries that the addon is linked with, found beside it. */
export const LIBRARIES = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'] as const;

/** The C interface, and what its headers include. */
const HEADERS = [
  'tensorflow/c/',
  'tensorflow/core/common_runtime/next_pluggable_device/c/',
  'tensorflow/core/platform/ctstring',
  'tsl/platform/ctstring',
  'tsl/platform/platform.h',
  'xla/tsl/c/',
];

/** The two libraries and the headers. */
function takeTensorflow(place: string): Wheel['take'] {
  const include = 'tensorflow/include/';
  return [
    ...LIBRARIES.map((library) => ({ from: `tensorflow/${library}`, to: `${place}/${library}` })),
    ...HEADERS.map((headers) => ({ from: include + headers, to: `include/${headers}` })),
  ];
}

/** TensorFlow for the CPU. */
export const TENSORFLOW: Native = {
  name: 'tensorflow',
  library: LIBRARY_VERSION,
  layout: 4,
  npmPackage: '@tensorflow/tfjs-node',
  place: '.',
  wheels: [
    {
      file: `tensorflow_cpu-${LIBRARY_VERSION}-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl`,
      requirement: `tensorflow-cpu==${LIBRARY_VERSION}`,
      bytes: 230_236_181,
      sha256: '810c75d7149d2da0cb2092187817b0dcabb80728ca9f9cf3a61f3f42fadd1298',
      take: takeTensorflow('.'),
    },
  ],
  unpackedBytes: 690_000_000,
};

/**
 * TensorFlow for CUDA 12. libtensorflow looks for NVIDIA's libraries in ../nvidia/<part>/lib beside its own folder
 * (its RUNPATH), and they for each other likewise: so laid, nothing needs an environment. The versions are those
 * that the wheel names for its extra `and-cuda`; of these, curand, cupti, nccl and nvcc serve other uses than ours.
 */
export const TENSORFLOW_GPU: Native = {
  name: 'tensorflow-gpu',
  library: LIBRARY_VERSION,
  layout: 4,
  npmPackage: '@tensorflow/tfjs-node-gpu',
  place: 'tensorflow',
  wheels: [
    {
      file: `tensorflow-${LIBRARY_VERSION}-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl`,
      requirement: `tensorflow==${LIBRARY_VERSION}`,
      bytes: 615_510_377,
      sha256: 'c9f87e5d2a680a4595f5dc30daf6bbaec9d4129b46d7ef1b2af63c46ac7d2828',
      take: takeTensorflow('tensorflow'),
    },
    nvidia('cuda_runtime', '12.5.82', 895_707, '3e79a060e126df40fd3a068f3f787eb000fa51b251ec6cd97d09579632687115'),
    nvidia('cublas', '12.5.3.2', 363_313_169, 'ca070ad70e9fa6654084575d01bd001f30cc4665e33d4bb9fc8e0f321caa034b'),
    nvidia('cudnn', '9.3.0.75', 577_163_502, '9ad9c6929ebb5295eb4a1728024666d1c88283373e265a0c5c883e6f9d5cd76d'),
    nvidia('cufft', '11.2.3.61', 192_524_114, '9a6e8df162585750f61983a638104a48c756aa13f9f48e19ab079b38e3c828b8'),
    nvidia('cusolver', '11.6.3.83', 130_341_232, '93cfafacde4428b71778eeb092ec615a02a3d05404da1bcf91c53e3fa1bce42b'),
    nvidia('cusparse', '12.5.1.3', 217_558_979, '016df8e993c437e8301e62739f01775cba988fd5253cd4c64173f8e8d2f8e752'),
    nvidia('nvjitlink', '12.5.82', 21_298_879, 'f9b37bc5c8cf7509665cb6ada5aaa0ce65618f2332b7d3e78e9790511f111212'),
    // cuDNN looks for it in a folder of another name than its own file's.
    nvidia(
      'cuda_nvrtc',
      '12.5.82',
      24_873_108,
      '3dbd97b0104b4bfbc3c4f8c79cd2496307c89c43c29a9f83125f1d76296ff3fd',
      'nvrtc',
    ),
  ],
  unpackedBytes: 3_606_000_000,
};

export const NATIVES: readonly Native[] = [TENSORFLOW, TENSORFLOW_GPU];

function nvidia(part: string, version: string, bytes: number, sha256: string, laidIn: string = part): Wheel {
  return {
    file: `nvidia_${part}_cu12-${version}-py3-none-manylinux2014_x86_64.whl`,
    requirement: `nvidia-${part.replaceAll('_', '-')}-cu12==${version}`,
    bytes,
    sha256,
    take: [{ from: `nvidia/${part}/lib/lib`, to: `nvidia/${laidIn}/lib/lib` }],
  };
}
