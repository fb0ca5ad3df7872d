/**
 * Finding a GPU through Dawn, the WebGPU implementation that the package `webgpu` brings for Node.
 *
 * The search runs in a process of its own: a driver that crashes takes nothing with it, and what Dawn
 * writes to standard error about drivers that are not there stays unseen.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

/**
 * Names an adapter: a part of its name, as Dawn spells it. A software adapter is used only when named here.
 * `null` is Dawn's null backend: it checks shaders and computes nothing.
 */
export const ADAPTER_VARIABLE = 'ATTRIBENCH_WEBGPU_ADAPTER';

export type AdapterSearch =
  | {
      readonly found: true;
      /** Device and driver, as the adapter tells them. */
      readonly title: string;
      readonly software: boolean;
    }
  | { readonly found: false; readonly why: string };

/** How an adapter is asked for: a discrete GPU before the one in the processor, software last. */
export const REQUEST = { powerPreference: 'high-performance' } as const;

/** Dawn's own options for an adapter's name. */
export function dawnOptions(name: string | undefined): string[] {
  if (name === 'null') return ['backend=null'];
  return name === undefined ? [] : [`adapter=${name}`];
}

/** The adapter that the environment names, if any. */
export function namedAdapter(): string | undefined {
  return process.env[ADAPTER_VARIABLE] || undefined;
}

/** The version of the package `webgpu`, or undefined where one of the two packages is missing or has no binary for this machine. */
export function dawnVersion(): string | undefined {
  const require = createRequire(import.meta.url);
  try {
    require.resolve('@tensorflow/tfjs-backend-webgpu');
    const folder = dirname(require.resolve('webgpu'));
    const platform = `${process.platform}-${process.platform === 'darwin' ? 'universal' : process.arch}`;
    if (!existsSync(join(folder, 'dist', platform, 'dawn.node'))) return undefined;
    const { version }: { version: string } = require(join(folder, 'package.json'));
    return version;
  } catch {
    return undefined;
  }
}

/** What the search's process prints: the adapter's facts, null for none, or Dawn's own words. */
interface Report {
  readonly adapter?: { readonly title: string; readonly software: boolean } | null;
  readonly error?: string;
}

const SEARCH = `
  const [dawn, options, request] = process.argv.slice(1);
  const { create } = await import(dawn);
  const report = {};
  try {
    const adapter = await create(JSON.parse(options)).requestAdapter(JSON.parse(request));
    const info = adapter?.info;
    report.adapter = info
      ? {
          title: [info.device || info.architecture || info.vendor, info.description].filter(Boolean).join(', '),
          software: info.isFallbackAdapter || /swiftshader|llvmpipe|lavapipe|basic render|warp/i.test(
            [info.vendor, info.architecture, info.device, info.description].join(' ')),
        }
      : null;
  } catch (error) {
    report.error = String(error.message);
  }
  process.stdout.write(JSON.stringify(report), () => process.exit(0));`;

/** Which adapter would be used here, or half a sentence on why there is none. */
export async function searchAdapter(): Promise<AdapterSearch> {
  const name = namedAdapter();
  if (dawnVersion() === undefined) {
    return {
      found: false,
      why: 'the optional packages webgpu and @tensorflow/tfjs-backend-webgpu are not installed for this machine',
    };
  }
  const dawn = pathToFileURL(createRequire(import.meta.url).resolve('webgpu')).href;
  const words = [dawn, JSON.stringify(dawnOptions(name)), JSON.stringify(REQUEST)];
  let report: Report;
  try {
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', SEARCH, ...words], {
      timeout: 30_000,
    });
    report = JSON.parse(stdout);
  } catch {
    return { found: false, why: 'the search for a GPU crashed: its driver cannot be used' };
  }
  return judge(report, name);
}

/** What a report means, given the adapter's name that was asked for. */
export function judge({ adapter, error }: Report, name: string | undefined): AdapterSearch {
  if (name !== undefined && (error !== undefined || !adapter)) {
    const here = [...(error ?? '').matchAll(/name: '([^']*)'/g)].map(([, found]) => `"${found}"`).join(', ');
    return { found: false, why: `no adapter is called "${name}" (${ADAPTER_VARIABLE}), here are: ${here || 'none'}` };
  }
  if (error !== undefined) return { found: false, why: `Dawn found no GPU: ${error.split('\n')[0]}` };
  if (!adapter) return { found: false, why: 'no GPU with a driver for Vulkan, Metal or Direct3D 12 was found' };
  if (adapter.software && name === undefined) {
    return {
      found: false,
      why: `no GPU was found, only software (${adapter.title}), which is used when ${ADAPTER_VARIABLE} names it`,
    };
  }
  return { found: true, ...adapter };
}
