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
 * How often a thread of OpenMP's team that waits for the others looks again before it sleeps: about 30 microseconds.
 * That bridges what separates the threads within oneDNN's work; between instructions native/cpu/kernel/team.h waits.
 * While it looks it keeps its processor from other programs and, where those hold the others, the thread that it waits
 * for from running: beside one busy program, 5000 looks make steps a tenth slower. 200 are too few: steps with many
 * short products then take a quarter longer.
 */
const spinCount = '1000';

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
