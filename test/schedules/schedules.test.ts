import { readFile } from 'node:fs/promises';
import test from 'ava';
import { formatSchedule, parseSchedule, type Schedule, schedules } from '../../lib/schedules/index.js';

/** For every schedule an example with its values by hand. */
const cases: Readonly<Record<keyof typeof schedules, readonly [Schedule, readonly [step: number, value: number][]]>> = {
  constant: [
    schedules.constant(0.3),
    [
      [0, 0.3],
      [1000, 0.3],
    ],
  ],
  plateau: [
    schedules.plateau(0.4, 0.5, 3, 'f'),
    [
      [0, 0.4],
      [1000, 0.4],
    ],
  ],
  geometric: [
    schedules.geometric(0.01, 1.1),
    [
      [0, 0.01],
      [1, 0.011],
      [2, 0.0121],
      [10, 0.01 * 1.1 ** 10],
    ],
  ],
  stairs: [
    schedules.stairs(8, 0.5, 3),
    [
      [0, 8],
      [2, 8],
      [3, 4],
      [5, 4],
      [6, 2],
    ],
  ],
  powerLaw: [
    schedules.powerLaw(2, 0.5),
    [
      [0, 2],
      [3, 1],
      [99, 0.2],
    ],
  ],
  shiftedPowerLaw: [
    schedules.shiftedPowerLaw(2, 1 / 3, 8),
    [
      [0, 1],
      [19, 2 / 3],
      [56, 0.5],
    ],
  ],
  polynomial: [
    schedules.polynomial(1, 0.5, 10, 2),
    [
      [0, 1],
      [5, 0.625],
      [10, 0.5],
      [99, 0.5],
    ],
  ],
  cosine: [
    schedules.cosine(1, 0, 6),
    [
      [0, 1],
      [2, 0.75],
      [3, 0.5],
      [4, 0.25],
      [6, 0],
      [7, 0],
    ],
  ],
};

for (const [name, [schedule, values]] of Object.entries(cases)) {
  test(`${name} has its values`, (t) => {
    t.is(schedule.name, name);
    for (const [step, value] of values) {
      t.true(Math.abs(schedule.at(step) - value) < 1e-12, `${schedule.at(step)} at step ${step}, not ${value}`);
    }
  });

  test(`${name} is read back from its text`, (t) => {
    const copy = parseSchedule(formatSchedule(schedule), 'rate');
    t.deepEqual([copy.name, copy.parameters], [schedule.name, schedule.parameters]);
    t.is(copy.at(4), schedule.at(4));
  });
}

test('docs/cli.md shows how every schedule is written', async (t) => {
  const page = await readFile('docs/cli.md', 'utf8');
  for (const name of Object.keys(schedules)) t.true(page.includes(`\`${name}(`), name);
});

test('a number reads as a constant schedule', (t) => {
  t.is(formatSchedule(parseSchedule(' 1e-3 ', 'rate')), 'constant(0.001)');
});

for (const text of [
  '',
  'geometric',
  'geometric(1)',
  'geometric(1, 2, 3)',
  'toString(1)',
  'cosine(1, , 3)',
  'NaN',
  '1 2',
]) {
  test(`the text ${JSON.stringify(text)} is no schedule`, (t) => {
    t.throws(() => parseSchedule(text, 'rate'), { code: 'INVALID_ARGUMENT', message: /for rate/ });
  });
}

test('parameters out of range are refused by name', (t) => {
  t.throws(() => schedules.geometric(Number.NaN, 1), {
    code: 'INVALID_ARGUMENT',
    message: /initial of the schedule geometric/,
  });
  t.throws(() => schedules.stairs(1, 1, 0), { code: 'INVALID_ARGUMENT', message: /period of the schedule stairs/ });
  t.throws(() => schedules.cosine(1, 0, 1.5), { code: 'INVALID_ARGUMENT', message: /steps of the schedule cosine/ });
});
