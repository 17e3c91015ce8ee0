// By the name of the module, since webpack replaces calls of an imported `createRequire`.
import nodeModule from 'node:module';
import { join, resolve } from 'node:path';
import { ownFolder, packageRoot } from '../package-root.js';
import { type Attempt, addonError, exists } from './addon-error.js';
import type { NativeAddon } from './binding.js';
import { platformPackages } from './platform.js';

let loaded: NativeAddon | undefined;

/**
 * The native addon, loaded when it is first asked for: the file that the environment variable BILEVEL_ADDON names; else
 * that of the installed package for this platform; else the one that was built in this package's folder.
 * @throws DEVICE_UNAVAILABLE with what to do; NOT_FOUND when the package was bundled
 */
export function loadAddon(): NativeAddon {
  if (loaded === undefined) {
    const addon = loadFirst(addonFiles());
    process.once('exit', () => addon.shutDown());
    loaded = addon;
  }
  return loaded;
}

let hasWarned = false;

/**
 * Warns, once, where there is no addon to load, with the code BILEVEL_NO_ADDON and what to do: a program then learns of
 * it when it starts, and not when it first needs a device. One that needs none goes on.
 */
export function warnWithoutAddon(): void {
  if (hasWarned || ownFolder === undefined) return;
  hasWarned = true;
  const files = addonFiles();
  if (files.some(exists)) return;
  const { message } = addonError(files.map((file) => ({ file, error: undefined })));
  process.emitWarning(`No device can be made. ${message}`, { type: 'BilevelWarning', code: 'BILEVEL_NO_ADDON' });
}

/** Where the addon may lie, in order. A file that is named by hand is the only one. */
function addonFiles(): string[] {
  const given = process.env.BILEVEL_ADDON;
  if (given) return [resolve(given)];
  const root = packageRoot();
  const { resolve: find } = nodeModule.createRequire(join(root, 'package.json'));
  const installed = platformPackages().flatMap((name) => {
    try {
      return [find(name)];
    } catch {
      return [];
    }
  });
  return [...installed, join(root, 'build', 'Release', 'bilevel.node')];
}

function loadFirst(files: readonly string[]): NativeAddon {
  const attempts: Attempt[] = [];
  for (const file of files) {
    try {
      return requireWithThreadSettings(file);
    } catch (error) {
      attempts.push({ file, error });
    }
  }
  throw addonError(attempts);
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
    return nodeModule.createRequire(file)(file);
  } finally {
    // Child processes of the host get the environment that it had.
    if (!isSet) delete env.GOMP_SPINCOUNT;
  }
}
