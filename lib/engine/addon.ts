import { createRequire } from 'node:module';
import { join } from 'node:path';
import { BilevelError } from '../errors.js';
import { packageRoot } from '../package-root.js';
import type { NativeAddon } from './binding.js';

let loaded: NativeAddon | undefined;

/** The native addon, loaded when it is first asked for. @throws DEVICE_UNAVAILABLE with what to do */
export function loadAddon(): NativeAddon {
  if (loaded === undefined) {
    const addon = requireAddon(join(packageRoot(), 'build', 'Release', 'bilevel.node'));
    process.once('exit', () => addon.shutDown());
    loaded = addon;
  }
  return loaded;
}

/**
 * How often a waiting thread of the OpenMP team looks again before it sleeps: about a tenth of a millisecond, longer than
 * the gap between two instructions. The default of several milliseconds burns a core after every run, and when other
 * programs hold the cores it keeps the thread that is waited for from running.
 */
const spinCount = '5000';

/** Loads the addon. The OpenMP library reads its settings when it is loaded with it; those of the user come first. */
function requireWithThreadSettings(file: string): NativeAddon {
  const { env } = process;
  const isSet = env.GOMP_SPINCOUNT !== undefined || env.OMP_WAIT_POLICY !== undefined;
  if (!isSet) env.GOMP_SPINCOUNT = spinCount;
  try {
    return createRequire(import.meta.url)(file);
  } finally {
    // Child processes of the host get the environment that it had.
    if (!isSet) delete env.GOMP_SPINCOUNT;
  }
}

function requireAddon(file: string): NativeAddon {
  try {
    return requireWithThreadSettings(file);
  } catch (cause) {
    const platform = `${process.platform}-${process.arch}, Node ${process.versions.node}`;
    throw new BilevelError(
      'DEVICE_UNAVAILABLE',
      `Cannot load the native addon ${file} (${platform}): ${String(cause)}. Build it for this system: install oneDNN, ` +
        'on Debian or Ubuntu with `sudo apt-get install libdnnl-dev`, and run `npm run build:native` in the folder ' +
        `${packageRoot()}.`,
      { cause },
    );
  }
}
