/**
 * The TensorFlow library that the native engine stands on, pinned: the wheel that PyPI serves for
 * `tensorflow-cpu`. It holds the C library and its headers; no Python of it is used, so the wheel for
 * one Python version serves whatever Python is here.
 */

export const LIBRARY_VERSION = '2.18.1';

export const WHEEL = {
  file: `tensorflow_cpu-${LIBRARY_VERSION}-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl`,
  bytes: 230_236_181,
  sha256: '810c75d7149d2da0cb2092187817b0dcabb80728ca9f9cf3a61f3f42fadd1298',
  /** Arguments of `pip download` that name exactly this file. */
  pip: [
    `tensorflow-cpu==${LIBRARY_VERSION}`,
    '--python-version=3.11',
    '--implementation=cp',
    '--abi=cp311',
    '--platform=manylinux2014_x86_64',
  ],
} as const;

/** Libraries taken from the wheel. */
export const LIBRARIES = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'] as const;

/** Headers taken from the wheel, by prefix: the C interface and what it includes. */
export const HEADERS = [
  'tensorflow/include/tensorflow/c/',
  'tensorflow/include/tensorflow/core/platform/ctstring',
  'tensorflow/include/tsl/platform/ctstring',
  'tensorflow/include/xla/tsl/c/',
] as const;
