import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { bilevel, fixtures, main, smallRun } from '../support/command-line.js';
import { withTemporary } from '../support/temporary.js';

const page = new URL('../../../docs/cli.md', import.meta.url);

/** A field as the page describes it. */
interface Field {
  readonly path: readonly string[];
  readonly optional: boolean;
  readonly types: readonly string[];
}

/** Fields of the tables of a command's section whose head says the same. */
async function fieldsOf(command: string, head: string): Promise<Field[]> {
  const section = (await readFile(page, 'utf8')).split(`## bilevel ${command}\n`)[1]?.split('\n## ')[0] ?? '';
  const table = section.split(`\n| ${head} | type | |\n`)[1]?.split('\n\n')[0] ?? '';
  return table
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => {
      const [, name = '', types = ''] = /^\| `([^`]+)` \| ([^|]+) \|/.exec(line) ?? [];
      return {
        path: name.replace(/\?$/, '').replaceAll('[]', '.[]').split('.'),
        optional: name.endsWith('?'),
        types: types.trim().split(/, | or /),
      };
    });
}

/** The leaves of a document. */
function leavesOf(value: unknown, path: readonly string[] = []): [path: readonly string[], value: unknown][] {
  if (Array.isArray(value)) return value.flatMap((each) => leavesOf(each, [...path, '[]']));
  if (typeof value !== 'object' || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, [...path, key]));
}

/** Whether a path is one of a field, in whose path upper case stands for any key. */
const isOf = ({ path }: Field, given: readonly string[]): boolean =>
  path.length === given.length && path.every((part, index) => /^[A-Z]+$/.test(part) || part === given[index]);

const typeOf = (value: unknown): string => (typeof value === 'string' ? 'text' : typeof value);

/** What documents hold that the page does not tell, and the other way round. */
function differences(fields: readonly Field[], documents: readonly unknown[]): string[] {
  const found: string[] = [];
  const seen = new Set<Field>();
  for (const [path, value] of documents.flatMap((document) => leavesOf(document))) {
    // A field of its own counts before a key that stands for any.
    const named = fields.find((each) => each.path.join() === path.join()) ?? fields.find((each) => isOf(each, path));
    if (named === undefined) found.push(`${path.join('.')} is not described`);
    else {
      seen.add(named);
      if (value !== null && !named.types.includes(typeOf(value)))
        found.push(`${path.join('.')} is a ${typeOf(value)}, not a ${named.types.join(' or ')}`);
    }
  }
  for (const field of fields) {
    if (!field.optional && !seen.has(field)) found.push(`${field.path.join('.')} is described, but not there`);
  }
  return [...new Set(found)];
}

const thread = ['--threads', '1'];

/** Small runs of every command, by command and the head of their table. */
const runs: Readonly<Record<string, readonly (readonly string[])[]>> = {
  denoise: [
    [...smallRun, '--seeds', '2', '--out', 'OUT/paper'],
    [
      '--train',
      '200',
      '--validation',
      '50',
      '--train-steps',
      '20',
      '--decay-iterations',
      '3',
      ...thread,
      '--out',
      'OUT/own',
    ],
  ],
  compare: [
    [
      '--methods',
      'soba,stable',
      '--evaluations',
      '200',
      '--train',
      '200',
      '--validation',
      '50',
      '--measurements',
      '2',
    ].concat(thread, ['--out', 'OUT/evaluations']),
    [
      '--methods',
      'vrbo,mrbo',
      '--seconds',
      '0.05',
      '--train',
      '200',
      '--validation',
      '50',
      '--measurements',
      '2',
    ].concat(thread, ['--out', 'OUT/seconds']),
  ],
  poison: [
    ['--methods', 'none,penalty', '--points', '4', '--train', '100', '--validation', '100', '--iterations', '4'].concat(
      thread,
      [...['--judge-every', '2', '--seeds', '2', '--test', '100'], ...['--out', 'OUT/untargeted']],
    ),
    [
      '--attack',
      'targeted',
      '--methods',
      'labelFlip',
      '--audit',
      '--validation',
      '800',
      '--test',
      '100',
      ...thread,
      '--out',
      'OUT/targeted',
    ],
  ],
  tune: [
    [
      '--methods',
      'untuned,aidCg',
      '--train',
      '60',
      '--validation',
      '60',
      '--iterations',
      '2',
      '--measurements',
      '1',
    ].concat(thread, ['--seeds', '2', '--out', 'OUT']),
  ],
  representation: [
    ['--iterations', '4', '--samples', '20', '--features', '4', '--embedding', '3', '--methods', 'gd,aidCg'].concat(
      thread,
      [...['--instances', '2'], ...['--out', 'OUT']],
    ),
  ],
  synthetic: [
    [
      '--problems',
      'P1,P3',
      '--methods',
      'penalty,soba',
      '--T',
      '1',
      '--iterations',
      '400',
      '--trials',
      '2',
      '--out',
      'OUT',
    ],
  ],
  'few-shot': [
    [
      ...['--methods', 'protoNet,fineTuning', '--iterations', '2', '--evaluations', '1', '--seeds', '2'],
      ...['--tasks', '2', '--test-tasks', '4', '--validation-tasks', '2', '--samples', '20', ...thread, '--out', 'OUT'],
    ],
  ],
  check: [['logreg', '--batch', '2']],
  doctor: [['logreg'], [join(fixtures, 'conv4-eval', 'model.onnx')]],
  inspect: [
    ['logreg', '--batch', '2'],
    ['mnist-cnn', '--batch', '2'],
  ],
  methods: [['soba'], ['bsa'], ['penalty']],
};

for (const [command, lines] of Object.entries(runs)) {
  test(`docs/cli.md describes what bilevel ${command} --json prints`, (t) =>
    withTemporary(async (folder) => {
      const documents: unknown[] = [];
      for (const line of lines) {
        const words = line.map((word) => word.replace('OUT', join(folder, 'out')));
        const { stdout, stderr } = await bilevel(command, ...words, '--json');
        t.is(stderr, '');
        documents.push(JSON.parse(stdout));
      }
      t.deepEqual(differences(await fieldsOf(command, 'field'), documents), []);
    }));
}

test('docs/cli.md describes what bilevel representation --deep --json prints', (t) =>
  withTemporary(async (folder) => {
    const sizes = ['--lower-samples', '30', '--upper-samples', '30', '--judged', '20', '--iterations', '1'];
    const { status, stdout } = await bilevel(
      'representation',
      ...['--deep', ...sizes, '--methods', 'joint', ...thread, '--out', join(folder, 'out'), '--json'],
    );
    t.is(status, 0, stdout);
    t.deepEqual(differences(await fieldsOf('representation', 'field, deep'), [JSON.parse(stdout)]), []);
  }));

test('docs/cli.md describes what bilevel poison --attack clean-label --json prints', (t) =>
  withTemporary(async (folder) => {
    const sizes = ['--train', '40', '--test', '40', '--feature-samples', '200', '--feature-steps', '20'];
    const methods = ['--methods', 'copy,penalty', '--targets', '2', '--iterations', '2', '--radii', '0.5'];
    const { status, stdout } = await bilevel(
      'poison',
      ...['--attack', 'clean-label', ...sizes, ...methods, ...thread, '--out', join(folder, 'out'), '--json'],
    );
    t.is(status, 0, stdout);
    t.deepEqual(differences(await fieldsOf('poison', 'field, right labels'), [JSON.parse(stdout)]), []);
  }));

test('docs/cli.md describes what bilevel denoise --json prints of data of your own, and what review does', (t) =>
  withTemporary(async (folder) => {
    const [table, out] = [join(folder, 'table.csv'), join(folder, 'out')];
    const rows = Array.from({ length: 160 }, (_, row) => {
      const isTall = row % 2 === 1;
      // Some labels are the other one.
      const label = (row % 17 === 0) !== isTall ? 'tall' : 'short';
      return `${(isTall ? 5 : 1) + ((row * 7) % 13) / 13},${((row * 5) % 11) / 11},${label}`;
    });
    await writeFile(table, ['height,width,kind', ...rows, ''].join('\n'));
    const run = await bilevel('denoise', '--data', table, '--label', 'kind', ...thread, '--out', out, '--json');
    t.is(run.status, 0, run.stdout);
    t.deepEqual(differences(await fieldsOf('denoise', 'field, data of your own'), [JSON.parse(run.stdout)]), []);
    const review = spawn(process.execPath, [main, 'review', out, '--json'], { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    for await (const part of review.stdout.setEncoding('utf8')) {
      text += part;
      if (text.includes('}')) break;
    }
    review.kill('SIGINT');
    t.deepEqual(differences(await fieldsOf('review', 'field'), [JSON.parse(text)]), []);
  }));

test('docs/cli.md describes what bilevel merge --json tells of runs that are missing', (t) =>
  withTemporary(async (folder) => {
    const [out, part] = [join(folder, 'out'), join(folder, 'part')];
    const study = ['--problems', 'P1,P2', '--methods', 'gd', '--T', '1', '--trials', '2', '--iterations', '5'];
    await bilevel('synthetic', ...study, '--shard', '1/2', '--out', part);
    const { status, stdout } = await bilevel('merge', out, part, '--json');
    t.is(status, 1);
    t.deepEqual(differences(await fieldsOf('merge', 'field of a gap'), JSON.parse(stdout).error.details.gaps), []);
  }));

test('a field that is missing, is not described or has another type is found', (t) => {
  const fields: Field[] = [
    { path: ['a', '[]', 'NAME'], optional: false, types: ['number'] },
    { path: ['b'], optional: false, types: ['text'] },
    { path: ['c'], optional: true, types: ['boolean'] },
  ];
  t.deepEqual(differences(fields, [{ a: [{ x: 1 }], b: 'b' }]), []);
  t.deepEqual(differences(fields, [{ a: [{ x: '1' }], d: 2 }]), [
    'a.[].x is a text, not a number',
    'd is not described',
    'b is described, but not there',
  ]);
});
