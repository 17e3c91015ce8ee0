import test from 'ava';
import { jobsOf, parseShard } from '../../lib/study/shard.js';

const slurm = (id: number, rest: Readonly<Record<string, number>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries({ ID: id, ...rest }).map(([name, value]) => [`SLURM_ARRAY_TASK_${name}`, String(value)]),
  );

test('a part is named, and the environment asked only when that is asked for', (t) => {
  t.deepEqual(parseShard('2/4', slurm(7, { MIN: 0, MAX: 7 })), { index: 2, count: 4 });
  for (const text of ['0/2', '3/2', '1', 'a/b', '1/0', 'auto/0', 'auto/', 'slurm', '-1/2', '1/4/2', '']) {
    t.throws(() => parseShard(text, {}), { code: 'INVALID_ARGUMENT', message: /such as 1\/4, auto or auto\/4/ }, text);
  }
});

test('arrays of Slurm begin at 0 or 1, and may have a step', (t) => {
  t.deepEqual(parseShard('auto', slurm(3, { MIN: 1, MAX: 8, STEP: 1, COUNT: 8 })), { index: 3, count: 8 });
  t.deepEqual(parseShard('auto', slurm(3, { MIN: 0, MAX: 7, STEP: 1, COUNT: 8 })), { index: 4, count: 8 });
  t.deepEqual(parseShard('auto', slurm(28, { MIN: 0, MAX: 28, STEP: 4, COUNT: 8 })), { index: 8, count: 8 });
  t.deepEqual(parseShard('auto', slurm(0, { MIN: 0, MAX: 7 })), { index: 1, count: 8 });
});

const wrongArrays: readonly (readonly [string, Record<string, string>, RegExp])[] = [
  [
    'run again in part',
    slurm(3, { MIN: 3, MAX: 5, COUNT: 3 }),
    /begins at 0 or 1 for SLURM_ARRAY_TASK_MIN but received 3/,
  ],
  [
    'with holes',
    slurm(1, { MIN: 1, MAX: 8, STEP: 1, COUNT: 3 }),
    /all 8 tasks for SLURM_ARRAY_TASK_COUNT but received 3/,
  ],
  ['whose step does not lead to its end', slurm(1, { MIN: 1, MAX: 8, STEP: 3 }), /SLURM_ARRAY_TASK_MAX but received 8/],
  [
    'that its task is not in',
    slurm(9, { MIN: 1, MAX: 8 }),
    /a task from 1 to 8 for SLURM_ARRAY_TASK_ID but received 9/,
  ],
  ['that does not say where it ends', slurm(1, { MIN: 1 }), /a whole number for SLURM_ARRAY_TASK_MAX but received ""/],
  [
    'whose task is no number',
    { SLURM_ARRAY_TASK_ID: '%a' },
    /a whole number for SLURM_ARRAY_TASK_ID but received "%a"/,
  ],
  ['without a number of tasks', { JOB_COMPLETION_INDEX: '0' }, /Kubernetes does not tell .* --shard auto\/8/],
  [
    'of two schedulers',
    { JOB_COMPLETION_INDEX: '0', PBS_ARRAY_INDEX: '1' },
    /both JOB_COMPLETION_INDEX and PBS_ARRAY_IND/,
  ],
  ['that there is not', { SGE_TASK_ID: 'undefined', LSB_JOBINDEX: '0' }, /none of SLURM_ARRAY_TASK_ID, .* is set/],
];
for (const [what, environment, message] of wrongArrays) {
  test(`an array ${what} is refused`, (t) => {
    t.throws(() => parseShard('auto', environment), { code: 'INVALID_ARGUMENT', message });
  });
}

test('with the number of parts given, a task that is run again alone is the same part', (t) => {
  t.deepEqual(parseShard('auto/8', slurm(3, { MIN: 3, MAX: 3, COUNT: 1 })), { index: 3, count: 8 });
  t.deepEqual(parseShard('auto/8', { JOB_COMPLETION_INDEX: '0' }), { index: 1, count: 8 });
  t.deepEqual(parseShard('auto/8', { PBS_ARRAY_INDEX: '8' }), { index: 8, count: 8 });
  t.deepEqual(parseShard('auto/8', { LSB_JOBINDEX: '2' }), { index: 2, count: 8 });
  for (const environment of [slurm(0, {}), { JOB_COMPLETION_INDEX: '8' }]) {
    t.throws(() => parseShard('auto/8', environment), { message: /from [01] to [78] for --shard auto\/8/ });
  }
});

test('tasks of Grid Engine tell of their array', (t) => {
  const environment = { SGE_TASK_ID: '5', SGE_TASK_FIRST: '1', SGE_TASK_LAST: '7', SGE_TASK_STEPSIZE: '2' };
  t.deepEqual(parseShard('auto', environment), { index: 3, count: 4 });
});

test('parts hold every job once, in its order', (t) => {
  const jobs = Array.from({ length: 11 }, (_, at) => at);
  for (const count of [1, 2, 4, 11, 12]) {
    const parts = Array.from({ length: count }, (_, at) => jobsOf(jobs, { index: at + 1, count }));
    t.deepEqual(
      parts.flat().toSorted((a, b) => a - b),
      jobs,
    );
    t.true(parts.every((part) => part.every((job, at) => at === 0 || job > (part[at - 1] ?? job))));
  }
});
