// A small run of the command line, and what must be the same whatever happened to it meanwhile.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../dist/lib/cli/main.js', import.meta.url));

/** Cleans 120 labels: 3 epochs of 6 iterations, a checkpoint after each iteration. */
const options = [
  ...[
    '--form',
    'paper',
    '--train',
    '120',
    '--validation',
    '120',
    '--epochs',
    '3',
    '--batch',
    '20',
    '--pretrain-epochs',
    '2',
  ],
  ...[
    '--train-steps',
    '20',
    '--lower-steps',
    '3',
    '--no-baselines',
    '--checkpoint-seconds',
    '0',
    '--threads',
    '1',
    '--json',
  ],
];
export const iterations = 18;

/** Starts the run in a folder, or goes on with it. `ended` resolves with its status, or the signal that ended it. */
export function start(folder, { resume = false, preload, env = {} } = {}) {
  const node = preload === undefined ? [] : ['--import', preload];
  const args = [...node, main, 'denoise', ...options, '--out', folder, ...(resume ? ['--resume'] : [])];
  const child = spawn(process.execPath, args, { env: { ...process.env, ...env } });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  const ended = new Promise((resolve) => {
    child.on('close', (status, signal) => resolve({ status: signal ?? status, stdout, stderr }));
  });
  return { child, ended };
}

/** Starts, or goes on where there is something to go on with. */
export function goOn(folder, given = {}) {
  return start(folder, { ...given, resume: existsSync(join(folder, 'config.json')) });
}

/** What the run is for: the weights of the samples, the network, and the metrics but for their times. */
export async function resultsOf(folder) {
  const [importance, network, metrics] = await Promise.all(
    ['importance.npy', 'network.onnx', 'metrics.jsonl'].map((name) => readFile(join(folder, name))),
  );
  const rows = metrics
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => ({ ...JSON.parse(line), wallMs: 0 }));
  return JSON.stringify([importance.toString('base64'), network.toString('base64'), rows]);
}

/**
 * Gives a folder that is removed afterwards, the results of a run in it that nothing disturbed, and how long that took.
 */
export async function withReference(use) {
  const parent = await mkdtemp(join(tmpdir(), 'bilevel-reliability-'));
  try {
    const whole = join(parent, 'whole');
    const begun = performance.now();
    const { status, stdout } = await start(whole).ended;
    if (status !== 0) throw new Error(`The undisturbed run ends with ${status}: ${stdout}`);
    return await use({ parent, expected: await resultsOf(whole), ms: performance.now() - begun });
  } finally {
    await rm(parent, { recursive: true, force: true });
  }
}
