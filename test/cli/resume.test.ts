import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { readSafetensors } from '../../lib/data/safetensors.js';
import { bilevel, errorOf, interrupted, main, metricsLines, shell, smallRun } from '../support/command-line.js';
import { withTemporary } from '../support/temporary.js';

/** Long enough to be interrupted somewhere in the middle. */
const longRun = [...smallRun, '--epochs', '60', '--no-baselines'];
const iterations = 120;

test('a run that Ctrl-C stopped goes on by the command it shows and ends as if nothing had happened', (t) =>
  withTemporary(async (parent) => {
    const [whole, stopped] = [join(parent, 'whole'), join(parent, "a run's folder")];
    t.is((await bilevel('denoise', ...longRun, '--out', whole)).status, 0);

    const reached = async (): Promise<boolean> => (await metricsLines(stopped)) >= 7;
    const { status, stdout, stderr } = await interrupted(['denoise', ...longRun, '--out', stopped], reached);
    t.is(status, 130);
    t.is(stdout, '');
    const made = await metricsLines(stopped);
    t.true(made >= 7 && made < iterations, `${made}`);
    const command = /Go on with:\n {2}(node .*)\n/.exec(stderr)?.[1] ?? '';
    t.regex(command, / denoise --resume \S/);

    const other = await bilevel('denoise', ...longRun, '--epochs', '61', '--out', stopped, '--resume', '--json');
    t.is(other.status, 1);
    t.is(errorOf(other).code, 'STATE_MISMATCH');
    t.regex(errorOf(other).message, /task\.epochs is 60 there and 61 here/);
    const again = await bilevel('denoise', ...longRun, '--out', stopped, '--json');
    t.is(again.status, 1);
    t.regex(errorOf(again).message, /already holds a run/);

    const resumed = await shell(`${command} --json`);
    t.is(resumed.status, 0, resumed.stderr);
    const [result] = JSON.parse(resumed.stdout).seeds;
    t.is(result.lowerSteps, iterations * 20);
    t.is(await metricsLines(stopped), iterations);
    for (const file of ['importance.npy', 'network.onnx']) {
      t.deepEqual(await readFile(join(stopped, file)), await readFile(join(whole, file)), file);
    }
    const tensors = async (folder: string) => (await readSafetensors(join(folder, 'state.safetensors'))).tensors;
    t.deepEqual(await tensors(stopped), await tensors(whole));

    // Asked to go on with what has ended, it shows the same results once more.
    const finished = await shell(`${command} --json`);
    t.is(finished.status, 0, finished.stderr);
    t.like(JSON.parse(finished.stdout).seeds[0], {
      methods: result.methods,
      iterationSeconds: result.iterationSeconds,
      lowerSteps: result.lowerSteps,
    });
  }));

test('a killed run loses what came after its last checkpoint by time, and ends with the same bits', (t) =>
  withTemporary(async (parent) => {
    const [whole, killed] = [join(parent, 'whole'), join(parent, 'killed')];
    // Two epochs of 40 iterations.
    const run = ['denoise', ...smallRun, '--batch', '10', '--no-baselines'];
    t.is((await bilevel(...run, '--out', whole)).status, 0);
    const often = [...run, '--checkpoint-seconds', '0', '--out', killed];
    const reached = async (): Promise<boolean> => (await metricsLines(killed)) >= 7;
    t.is((await interrupted(often, reached, 'SIGKILL')).status, null);
    const lines = await metricsLines(killed);
    const state = await readFile(join(killed, 'state.safetensors'), 'latin1');
    const kept = Number(/\\"iteration\\":(\d+)/.exec(state)?.[1]);
    t.true(kept >= lines - 1 && lines < 40, `${kept} of ${lines}`);
    t.is((await bilevel(...often, '--resume')).status, 0);
    for (const file of ['importance.npy', 'network.onnx']) {
      t.deepEqual(await readFile(join(killed, file)), await readFile(join(whole, file)), file);
    }
    t.is(await metricsLines(killed), 80);
  }));

for (const [stage, options] of Object.entries({
  'pre-training': ['--pretrain-epochs', '100000'],
  'the trainings at the end': ['--train-steps', '1000000'],
})) {
  test(`Ctrl-C during ${stage} says how to go on`, (t) =>
    withTemporary(async (parent) => {
      const folder = join(parent, 'run');
      const lines = stage === 'pre-training' ? 0 : 4;
      let seen = 0;
      const reached = async (): Promise<boolean> => {
        const begun = await readFile(join(folder, 'config.json')).then(
          () => true,
          () => false,
        );
        // Some polls later the stage has begun.
        if (begun && (await metricsLines(folder)) === lines) seen++;
        return seen > 40;
      };
      const run = ['denoise', ...smallRun, '--no-baselines', ...options, '--out', folder, '--json'];
      const { status, stdout } = await interrupted(run, reached);
      t.is(status, 130);
      const { interrupted: stopped, folder: kept, resume } = JSON.parse(stdout);
      t.true(stopped);
      t.is(kept, folder);
      t.true(resume.endsWith(` denoise --json --resume ${folder}`), resume);
      t.is(await metricsLines(folder), lines);
    }));
}

test('baselines that were done when a run was stopped are kept, and those that were not are done', (t) =>
  withTemporary(async (parent) => {
    const [whole, stopped] = [join(parent, 'whole'), join(parent, 'stopped')];
    const run = ['denoise', ...smallRun, '--json'];
    const reference = await bilevel(...run, '--out', whole);
    const reached = async (): Promise<boolean> => (await metricsLines(stopped)) >= 2;
    t.is((await interrupted([...run, '--out', stopped], reached)).status, 130);
    const first = (await readFile(join(stopped, 'metrics.jsonl'), 'utf8')).trimEnd().split('\n');
    t.true(first.length >= 2 && first.length < 6, `${first.length}`);
    const { status, stdout } = await bilevel(...run, '--out', stopped, '--resume');
    t.is(status, 0);
    t.deepEqual(JSON.parse(stdout).seeds[0].methods, JSON.parse(reference.stdout).seeds[0].methods);
    const all = (await readFile(join(stopped, 'metrics.jsonl'), 'utf8')).trimEnd().split('\n');
    t.deepEqual(all.slice(0, first.length), first);
    t.is(all.length, await metricsLines(whole));
  }));

test('a cleaning by cross-fitting that was stopped goes on after its last round, to the same bytes', (t) =>
  withTemporary(async (parent) => {
    const [whole, stopped] = [join(parent, 'whole'), join(parent, 'stopped')];
    const sizes = ['--train', '400', '--validation', '100', '--train-steps', '200', '--decay-iterations', '10'];
    const run = ['denoise', ...sizes, '--no-baselines', '--threads', '1', '--json'];
    t.is((await bilevel(...run, '--out', whole)).status, 0);
    const rounds = await metricsLines(whole);
    // Six rounds and the bilevel problem.
    t.is(rounds, 7);
    for (const lines of [1, 3]) {
      const folder = join(stopped, String(lines));
      const reached = async (): Promise<boolean> => (await metricsLines(folder)) >= lines;
      t.is((await interrupted([...run, '--out', folder], reached)).status, 130);
      t.is((await bilevel(...run, '--out', folder, '--resume')).status, 0);
      t.is(await metricsLines(folder), rounds);
      for (const file of ['importance.npy', 'network.onnx']) {
        t.deepEqual(await readFile(join(folder, file)), await readFile(join(whole, file)), file);
      }
    }
  }));

test('of several seeds, those not begun when the run was stopped begin when it goes on', (t) =>
  withTemporary(async (folder) => {
    const run = ['denoise', ...longRun, '--seeds', '2', '--out', folder];
    const reached = async (): Promise<boolean> => (await metricsLines(join(folder, 'seed-0'))) >= 3;
    t.is((await interrupted(run, reached)).status, 130);
    t.is(await metricsLines(join(folder, 'seed-1')), 0);
    const { status, stdout } = await bilevel(...run, '--resume', '--json');
    t.is(status, 0);
    t.deepEqual(
      JSON.parse(stdout).seeds.map(({ seed, lowerSteps }: { seed: number; lowerSteps: number }) => [seed, lowerSteps]),
      [
        [0, iterations * 20],
        [1, iterations * 20],
      ],
    );
  }));

test('there must be a run to go on with, and its files must be whole', (t) =>
  withTemporary(async (parent) => {
    const folder = join(parent, 'run');
    const run = ['denoise', ...smallRun, '--no-baselines', '--out', folder, '--json'];
    const nothing = await bilevel(...run, '--resume');
    t.is(nothing.status, 1);
    t.is(errorOf(nothing).code, 'NOT_FOUND');
    t.regex(errorOf(nothing).message, /holds no run .* leave out --resume/);

    t.is((await bilevel(...run)).status, 0);
    const state = join(folder, 'state.safetensors');
    const whole = await readFile(state);
    await writeFile(state, whole.subarray(0, whole.length - 100));
    const truncated = await bilevel(...run, '--resume');
    t.is(errorOf(truncated).code, 'INVALID_FILE');
    t.true(errorOf(truncated).message.includes('state.safetensors'));
    await writeFile(state, whole);
    await writeFile(join(folder, 'config.json'), '{');
    const damaged = await bilevel(...run, '--resume');
    t.is(errorOf(damaged).code, 'INVALID_FILE');
    t.true(errorOf(damaged).message.includes('config.json'));
    await rm(folder, { recursive: true });
    const folderless = await bilevel('denoise', '--resume', '--json');
    t.is(errorOf(folderless).code, 'INVALID_ARGUMENT');
    t.regex(errorOf(folderless).message, /--resume needs the folder/);
  }));

test('a cost that is no longer finite stops the run, named with its step, and leaves the checkpoint before', (t) =>
  withTemporary(async (parent) => {
    const folder = join(parent, 'run');
    // The second iteration's steps are 1e20 times the first one's: the first epoch ends well, the second does not.
    const options = ['--lower-optimizer', 'sgd', '--lower-learning-rate', 'geometric(0.1, 1e20)'];
    const outcome = await bilevel('denoise', ...smallRun, '--no-baselines', ...options, '--out', folder, '--json');
    t.is(outcome.status, 1);
    const { code, message } = errorOf(outcome);
    t.is(code, 'NON_FINITE');
    t.regex(
      message,
      /^(f|v\/\S+) became (NaN|Infinity) in step \d+ of the phase lower in iteration 3 .* Lower lowerLearningRate/,
    );
    t.true(message.includes(folder));
    const { details } = JSON.parse(outcome.stdout).error;
    t.like(details, {
      iteration: 3,
      phase: 'lower',
      cause: { kind: 'divergence', remedy: 'Lower lowerLearningRate.' },
    });
    t.is(await metricsLines(folder), 2);
    const state = await readFile(join(folder, 'state.safetensors'), 'latin1');
    t.regex(state, /\\"iteration\\":2/);
  }));

test('when the disk is full the error says so, and the checkpoint before is whole', (t) =>
  withTemporary(async (parent) => {
    const folder = join(parent, 'run');
    const run = ['denoise', ...longRun, '--out', folder];
    t.is((await interrupted(run, async () => (await metricsLines(folder)) >= 5)).status, 130);
    const state = join(folder, 'state.safetensors');
    const before = await readFile(state);
    // A limit on the size of files stands for the end of the disk; metrics stay below it, checkpoints do not.
    const words = run.map((word) => `'${word}'`).join(' ');
    const limited = await shell(`trap '' XFSZ; ulimit -f 100; ${process.execPath} ${main} ${words} --resume --json`);
    t.is(limited.status, 1);
    t.is(errorOf(limited).code, 'IO_ERROR');
    t.regex(errorOf(limited).message, /state\.safetensors: the file would exceed the size limit/);
    t.deepEqual(await readFile(state), before);
    t.is((await bilevel(...run, '--resume')).status, 0);
  }));
