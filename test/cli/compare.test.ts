import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { bilevel, errorOf, interrupted, metricsLines, shell } from '../support/command-line.js';
import { withTemporary } from '../support/temporary.js';

const small = ['--train', '400', '--validation', '400', '--measurements', '4', '--threads', '1'];

interface Seed {
  readonly seed: number;
  readonly folder: string;
  readonly failure?: string;
  readonly measurements: readonly Readonly<Record<string, number>>[];
}

interface MethodRecord {
  readonly method: string;
  readonly batch: string;
  readonly seeds: readonly Seed[];
}

const withoutSeconds = (measurements: Seed['measurements']) => measurements.map(({ seconds: _, ...rest }) => rest);

test('a comparison leaves curves, checkpoints and a report, and goes on past a method that refuses', (t) =>
  withTemporary(async (parent) => {
    const out = join(parent, 'compare');
    const run = ['compare', ...small, '--methods', 'stable,soba,gd', '--batch', '50', '--evaluations', '60'];
    const { status, stdout, stderr } = await bilevel(...run, '--out', out, '--json');
    t.is(status, 0, stderr);
    const { budget, methods, claims } = JSON.parse(stdout);
    t.deepEqual(budget, { evaluations: 60 });
    t.deepEqual(claims, []);
    t.deepEqual(
      methods.map(({ method, batch }: MethodRecord) => [method, batch]),
      [
        ['stable', '50'],
        ['soba', '50'],
        ['gd', '50'],
      ],
    );
    const [stable, soba, gd] = methods.map(({ seeds }: MethodRecord) => seeds[0]) as [Seed, Seed, Seed];
    t.regex(stable.failure ?? '', /7850/);
    t.deepEqual(stable.measurements, []);
    for (const { folder, measurements, failure } of [soba, gd]) {
      t.is(failure, undefined);
      t.is(await metricsLines(folder), measurements.length);
      t.true((measurements.at(-1)?.evaluations ?? 0) >= 60);
      t.true((measurements.at(-1)?.response ?? 0) > 0 && (measurements.at(-1)?.responseResidual ?? 1) < 0.1);
      t.deepEqual((await readdir(folder)).toSorted(), ['config.json', 'metrics.jsonl', 'state.safetensors']);
    }
    const page = await readFile(join(out, 'report.html'), 'utf8');
    t.regex(page, /<svg/);
    t.true(page.includes('stable keeps') && !/NaN|undefined|Infinity/.test(page));

    const again = await bilevel(...run, '--out', out, '--json');
    t.is(again.status, 1);
    t.regex(errorOf(again).message, /already holds a run/);
    // What has ended is only read; with a larger budget it goes on, and further methods join.
    const resumed = await bilevel(...run, '--methods', 'soba,penalty', '--out', out, '--resume', '--json');
    t.is(resumed.status, 0, resumed.stderr);
    const [first, second] = JSON.parse(resumed.stdout).methods;
    t.deepEqual(first.seeds[0].measurements, soba.measurements);
    t.true((soba.measurements.at(-1)?.linearResidual ?? 0) > 0);
    t.is(second.seeds[0].measurements.at(-1)?.linearResidual, undefined);
    t.is(second.method, 'penalty');
    const other = await bilevel(...run, '--out', out, '--noise', '0.2', '--resume', '--json');
    t.is(errorOf(other).code, 'STATE_MISMATCH');
    t.regex(errorOf(other).message, /task\.noise is 0\.1 there and 0\.2 here/);
  }));

test('a comparison that Ctrl-C stopped keeps what ended, goes on by the command it shows and ends the same', (t) =>
  withTemporary(async (parent) => {
    const run = ['compare', ...small, '--methods', 'soba,mrbo', '--evaluations', '5000', '--measurements', '40'];
    const [whole, stopped] = [join(parent, 'whole'), join(parent, 'stopped')];
    const outcome = await bilevel(...run, '--out', whole, '--json');
    t.is(outcome.status, 0, outcome.stderr);
    const reached = async (): Promise<boolean> => (await metricsLines(join(stopped, 'mrbo', 'seed-0'))) >= 2;
    const { status, stderr } = await interrupted([...run, '--out', stopped], reached);
    t.is(status, 130);
    const command = /Go on with:\n {2}(node .*)\n/.exec(stderr)?.[1] ?? '';
    t.true(command.endsWith(` --resume ${stopped}`), stderr);
    t.regex(await readFile(join(stopped, 'report.html'), 'utf8'), /soba/);
    const resumed = await shell(`${command} --json`);
    t.is(resumed.status, 0, resumed.stderr);
    const curves = (stdout: string) =>
      JSON.parse(stdout).methods.map(({ method, seeds }: MethodRecord) => [
        method,
        seeds.map(({ measurements }) => withoutSeconds(measurements)),
      ]);
    t.deepEqual(curves(resumed.stdout), curves(outcome.stdout));
  }));

test('people get tables with means over seeds, losses beside the published ones, and lines about the methods', (t) =>
  withTemporary(async (parent) => {
    const run = ['compare', ...small, '--methods', 'soba,gd', '--evaluations', '40', '--seeds', '2'];
    const { status, stdout, stderr } = await bilevel(...run, '--noise', '0', '--out', join(parent, 'run'));
    t.is(status, 0, stderr);
    t.regex(stdout, /^Training loss after so many evaluations\nMethod +7 +13 +40 +until 1\n/m);
    for (const method of ['soba', 'gd']) t.regex(stdout, new RegExp(`^${method}( +\\d+\\.\\d\\d){3} +–$`, 'm'));
    // Without wrong labels there is no AUC.
    t.regex(stdout, /^gd +all .* –$/m);
    // soba solves a linear system, gd none.
    t.regex(stdout, /^Method .*AUC +residual *$/m);
    t.regex(stdout, /^soba +all .* – +\d\S*$/m);
    t.notRegex(stdout, /NaN|undefined|Infinity/);
    t.regex(stderr, /^soba {2}100 % .*training loss \S+, residual \S+$/m);
    t.regex(stderr, /^gd {2}100 % .*training loss \S+$/m);
  }));
