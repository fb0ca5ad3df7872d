/** The native TensorFlow engines: built on demand, kept in the cache folder. */
export { type Installation, type InstallOptions, installNative } from './install.ts';
export { type NativeStatus, nativeStatus, removeNative } from './status.ts';
