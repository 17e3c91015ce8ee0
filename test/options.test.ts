import test from 'ava';
import type { BilevelError } from '../lib/errors.js';
import { describeOption, type Option, type OptionTable, parseOption, validateOptions } from '../lib/options.js';
import { constant, geometric } from '../lib/schedules/index.js';
import { methods, minimizeOptions } from '../lib/solvers/index.js';

const table = {
  steps: { kind: 'integer', min: 1, max: 10, default: 3, text: 'Steps.' },
  rate: { kind: 'schedule', above: 0, default: constant(0.1), text: 'Rate.' },
  factor: { kind: 'number', min: 0, below: 1, default: 0.5, text: 'Factor.' },
  warm: { kind: 'boolean', default: true, text: 'Warm.' },
  mode: { kind: 'choice', values: ['fast', 'exact'], default: 'exact', text: 'Mode.' },
  label: { kind: 'text', default: '', text: 'Label.' },
} as const satisfies OptionTable;

function failure(work: () => unknown): BilevelError {
  try {
    work();
  } catch (error) {
    return error as BilevelError;
  }
  throw new Error('Nothing was thrown.');
}

test('defaults fill in what is not given, and the record is frozen', (t) => {
  const options = validateOptions(table, { steps: 5, warm: undefined }, 'demo');
  t.deepEqual(options, { steps: 5, rate: table.rate.default, factor: 0.5, warm: true, mode: 'exact', label: '' });
  t.true(Object.isFrozen(options));
});

test('a number given for a schedule is a constant one', (t) => {
  t.is(validateOptions(table, { rate: 0.25 }, 'demo').rate.at(1000), 0.25);
  const schedule = geometric(1, 0.5);
  t.is(validateOptions(table, { rate: schedule }, 'demo').rate, schedule);
});

test('an unknown key names the nearest one, or all when none is near', (t) => {
  const near = failure(() => validateOptions(table, { stpes: 1 } as never, 'demo'));
  t.is(near.code, 'UNKNOWN_OPTION');
  t.is(near.message, 'demo has no option "stpes". Did you mean steps?');
  const far = failure(() => validateOptions(table, { wombat: 1 } as never, 'demo'));
  t.regex(far.message, /Known are: steps, rate, factor, warm, mode, label\./);
});

const wrong: readonly [key: keyof typeof table, value: unknown, message: RegExp][] = [
  ['steps', 0, /an integer >= 1 and <= 10 for the option steps of demo but received 0/],
  ['steps', 11, /received 11/],
  ['steps', 1.5, /received 1\.5/],
  ['steps', '3', /received "3"/],
  ['factor', 1, /a finite number >= 0 and < 1 for the option factor/],
  ['factor', Number.NaN, /received NaN/],
  ['warm', 1, /true or false for the option warm/],
  ['mode', 'slow', /one of fast, exact for the option mode of demo but received "slow"/],
  ['rate', 0, /a number > 0 or a schedule that starts at one for the option rate/],
  ['rate', Number.NaN, /the option rate of demo but received NaN/],
  ['rate', geometric(-1, 2), /the option rate/],
  ['label', 3, /a text for the option label/],
];
for (const [key, value, message] of wrong) {
  test(`${key}: ${String(value)} is refused by name${typeof value === 'string' ? ' as a text' : ''}`, (t) => {
    const error = failure(() => validateOptions(table, { [key]: value } as never, 'demo'));
    t.is(error.code, 'INVALID_ARGUMENT');
    t.regex(error.message, message);
  });
}

test('what is not a record of options is refused', (t) => {
  for (const given of [null, 3, [1]]) {
    t.is(failure(() => validateOptions(table, given as never, 'demo')).code, 'INVALID_ARGUMENT');
  }
});

test('options are read from text and checked like values', (t) => {
  t.is(parseOption(table.steps, '7', '--steps'), 7);
  t.is(parseOption(table.factor, '1e-3', '--factor'), 1e-3);
  t.is(parseOption(table.warm, 'false', '--warm'), false);
  t.is(parseOption(table.mode, 'fast', '--mode'), 'fast');
  t.is(parseOption(table.label, 'a b', '--label'), 'a b');
  t.like(parseOption(table.rate, 'geometric(2, 0.5)', '--rate'), { name: 'geometric', parameters: [2, 0.5] });
  for (const [option, text] of [
    [table.steps, ''],
    [table.steps, 'seven'],
    [table.warm, 'yes'],
    [table.mode, 'slow'],
    [table.rate, '-1'],
    [table.rate, 'wobbly(1)'],
  ] as const) {
    t.regex(failure(() => parseOption(option, text, '--it')).message, /for --it but received/);
  }
});

const tables: Readonly<Record<string, OptionTable>> = {
  minimize: minimizeOptions,
  ...Object.fromEntries(Object.entries(methods).map(([name, { options }]) => [name, options])),
};
for (const [method, options] of Object.entries(tables)) {
  test(`every option of ${method} accepts its own default and says what it does`, (t) => {
    for (const [key, option] of Object.entries<Option>(options)) {
      t.notThrows(() => validateOptions({ [key]: option }, { [key]: option.default }, method), key);
      t.regex(option.text, /\.$/, key);
      t.truthy(describeOption(option), key);
    }
  });
}
