import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { withConfigOptions } from '../../lib/cli/config.js';
import { bilevel, errorOf } from '../support/command-line.js';
import { withTemporary } from '../support/temporary.js';

const kept = ['--points', '3'];

test('a file has options by name, which those of the line override', (t) =>
  withTemporary(async (folder) => {
    const yaml = join(folder, 'run.yaml');
    await writeFile(
      yaml,
      'command: denoise\n# A comment\ntrainSteps: 40\nvalidation: 1e2\nmethods: [grid, aidCg]\nbaselines: false\npaperForm: true\n',
    );
    const words = ['--train-steps=40', '--validation=100', '--methods=grid,aidCg', '--no-baselines', '--paper-form'];
    t.deepEqual(await withConfigOptions(['denoise', '--config', yaml, ...kept]), ['denoise', ...words, ...kept]);
    t.deepEqual(await withConfigOptions(['denoise', ...kept, `--config=${yaml}`]), ['denoise', ...words, ...kept]);
    const json = join(folder, 'run.json');
    await writeFile(json, JSON.stringify({ rate: 0.5, data: 'mnist' }));
    t.deepEqual(await withConfigOptions(['tune', '--config', json]), ['tune', '--rate=0.5', '--data=mnist']);
    for (const words of [
      ['tune', ...kept],
      ['tune', '--config'],
      ['--config', json],
      ['tune', '--config', '--json'],
    ]) {
      t.deepEqual(await withConfigOptions(words), words);
    }
  }));

test('the files of a study have the options that it was begun with', (t) =>
  withTemporary(async (folder) => {
    const run = join(folder, 'grid', 'seed-0');
    await mkdir(run, { recursive: true });
    await writeFile(join(folder, 'study.json'), JSON.stringify({ command: 'tune', options: ['--rate', '0.5'] }));
    await writeFile(join(run, 'config.json'), JSON.stringify({ method: 'grid', files: {} }));
    for (const path of [join(run, 'config.json'), join(folder, 'study.json')]) {
      t.deepEqual(await withConfigOptions(['tune', '--config', path]), ['tune', '--rate', '0.5']);
    }
    await t.throwsAsync(withConfigOptions(['poison', '--config', join(folder, 'study.json')]), {
      code: 'INVALID_FILE',
      message: /has options of bilevel tune, not of bilevel poison/,
    });
  }));

test('what is no record of options is refused with what it is', (t) =>
  withTemporary(async (folder) => {
    const refused = async (content: string, message: RegExp, code = 'INVALID_FILE') => {
      const path = join(folder, 'wrong.yaml');
      await writeFile(path, content);
      await t.throwsAsync(withConfigOptions(['tune', '--config', path]), { code, message });
    };
    await refused('methods: [', /wrong\.yaml is neither YAML nor JSON/);
    await refused('- tune\n', /Expected options by name in .*wrong\.yaml/);
    await refused('', /Expected options by name/);
    await refused('data:\n  path: x\n', /a number, a text, true, false or a list of these for data/);
    await refused('data: null\n', /for data in .* received null/);
    await refused('command: denoise\n', /has options of bilevel denoise, not of bilevel tune/);
    // Text that would become gigabytes.
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      ...[...'bcdefg'].map((name, at) => `${name}: &${name} [${new Array(9).fill(`*${'abcdef'[at]}`)}]`),
    ];
    await refused(bomb.join('\n'), /neither YAML nor JSON: Excessive alias count/);
    await t.throwsAsync(withConfigOptions(['tune', '--config', join(folder, 'none.yaml')]), { code: 'NOT_FOUND' });
  }));

test('a command takes a file, and names the option that it does not know', (t) =>
  withTemporary(async (folder) => {
    const path = join(folder, 'run.yaml');
    await writeFile(path, 'problems: P1\nT: 1\niterations: 5\nmethods: [penalty]\nthreads: 1\ntrials: 2\n');
    const out = join(folder, 'run');
    const { status, stderr } = await bilevel(
      'synthetic',
      '--config',
      path,
      '--iterations',
      '3',
      '--json',
      '--out',
      out,
    );
    t.is(status, 0, stderr);
    const { options } = JSON.parse(await readFile(join(out, 'study.json'), 'utf8'));
    t.deepEqual(options.slice(-2), ['--iterations', '3']);
    await writeFile(path, 'iteratoins: 5\n');
    const wrong = await bilevel('synthetic', '--config', path, '--json');
    t.is(errorOf(wrong).code, 'UNKNOWN_OPTION');
    t.regex(errorOf(wrong).message, /--iteratoins=5.*--iterations/s);
  }));
