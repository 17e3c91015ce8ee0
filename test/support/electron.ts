import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { env } from 'node:process';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import test from 'ava';

const executable = env.BILEVEL_ELECTRON || undefined;

/**
 * Needs an Electron, whose path BILEVEL_ELECTRON gives (`node scripts/electron.mjs` fetches one and prints it), and
 * Xvfb; elsewhere it says that it was left out.
 */
export const inElectron = executable === undefined ? test.skip : test.serial;
export const hasElectron = executable !== undefined;

/** Milliseconds after which an app counts as hanging. */
const patience = 120_000;

/** A screen that nobody sees. */
export interface Display {
  readonly name: string;
  close(): void;
}

export async function openDisplay(): Promise<Display> {
  const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1600x1200x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const [number] = await once(server.stdio[3] as NodeJS.ReadableStream, 'data');
  return { name: `:${String(number).trim()}`, close: () => server.kill() };
}

export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What the app printed. */
  readonly lines: readonly string[];
  readonly stderr: string;
}

/** An app that was started. */
export interface Running {
  /** Resolves with the first line on stderr that matches. */
  line(pattern: RegExp): Promise<string>;
  readonly ended: Promise<Ended>;
  signal(signal: NodeJS.Signals): void;
}

/** @param switches more words of the command line */
export function startApp(
  app: string,
  display: Display,
  variables: Readonly<Record<string, string>>,
  switches: readonly string[] = [],
): Running {
  // There is no sandbox for the superuser, and no GPU behind the display.
  const words = ['--no-sandbox', '--disable-gpu', ...switches, app];
  const child: ChildProcess = spawn(executable as string, words, {
    env: { ...env, DISPLAY: display.name, ...variables },
    timeout: patience,
    killSignal: 'SIGKILL',
  });
  let [stdout, stderr] = ['', ''];
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '');
  const ended = once(child, 'close').then(([status, signal]) => ({ status, signal, lines: linesOf(stdout), stderr }));
  const line = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const found = linesOf(stderr).find((each) => pattern.test(each));
      if (found !== undefined) return found;
      const isOver = await Promise.race([
        ended.then(() => true),
        once(child.stderr as Readable, 'data').then(() => false),
      ]);
      if (isOver) throw new Error(`The app has ended: ${stderr}`);
    }
  };
  return { line, ended, signal: (signal) => child.kill(signal) };
}

/** Puts an app with the package and what that depends on into a folder, as an installation would. */
export async function installApp(source: string, folder: string): Promise<void> {
  await cp(source, folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'app', type: 'module', main: 'main.mjs' }));
  const modules = join(folder, 'node_modules');
  for (const part of ['package.json', 'dist/lib', 'build/Release/bilevel.node', 'assets', 'models']) {
    await cp(part, join(modules, 'bilevel', part), { recursive: true });
  }
  for (const name of await runtimePackages()) await cp(name, join(folder, name), { recursive: true });
}

/** Folders of the packages that are installed with this one. */
async function runtimePackages(): Promise<string[]> {
  const { packages } = JSON.parse(await readFile('package-lock.json', 'utf8')) as {
    packages: Record<string, { dev?: boolean; devOptional?: boolean; peer?: boolean; optional?: boolean }>;
  };
  return Object.entries(packages)
    .filter(([name, { dev, devOptional, peer, optional }]) => name !== '' && !(dev || devOptional || peer || optional))
    .map(([name]) => name);
}

/** Packs the app of a folder as electron-builder and Electron Forge do, with its native code beside the archive. */
export async function packApp(folder: string, archive: string): Promise<void> {
  const asar = 'node_modules/@electron/asar/bin/asar.js';
  await promisify(execFile)(process.execPath, [asar, 'pack', folder, archive, '--unpack', '*.node']);
}
