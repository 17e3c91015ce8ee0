import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';

/**
 * Reading an argument can run JavaScript: getters, proxies, setters of prototypes, promise hooks. Whatever it does
 * meanwhile, native code uses nothing that is gone.
 */

const file = fileURLToPath(new URL('./children/reentrant.js', import.meta.url));

async function child(...parameters: readonly string[]): Promise<unknown> {
  const given = ['--expose-gc', file, ...parameters];
  const { stdout } = await promisify(execFile)(process.execPath, given, { timeout: 60_000 });
  return JSON.parse(stdout);
}

const { exports, calls, acts } = (await child()) as Record<'exports' | 'calls' | 'acts', string[]>;

/** What a call gives when what is done meanwhile does not matter to it. */
const usual: Readonly<Record<string, string>> = {
  'Device, a getter': 'done',
  'Device, a proxy': 'done',
  'createProgram, a getter': 'done',
  'createProgram, a proxy': 'INVALID_ARGUMENT',
  'allocate, a proxy': 'INVALID_ARGUMENT',
  'copy, a proxy': 'INVALID_ARGUMENT',
  'flush, a promise hook when it begins': 'done',
  'flush, a promise hook when it settles': 'done',
  'run, a getter': 'done',
  'run, a proxy for control': 'INVALID_ARGUMENT',
  'run, an object for steps': 'INVALID_ARGUMENT',
  'run, setters of Array.prototype': 'done',
  'run, a setter of Error.prototype': 'INVALID_ARGUMENT',
  'run, a promise hook when it begins': 'done',
  'run at once, a promise hook when it begins': 'done',
  'run, a promise hook when it settles': 'done',
  'info, setters of Object.prototype': 'done',
  'findDevices, setters of Object.prototype': 'done',
  'joinRanks, an object for seconds': 'INVALID_ARGUMENT',
  'leaveRanks, an object for status': 'INVALID_ARGUMENT',
  'instructionCount, a proxy': 'TypeError: Illegal invocation',
  'dispose, a proxy': 'TypeError: Illegal invocation',
};

const disposed = Object.fromEntries(
  [
    'createProgram, a getter',
    'flush, a promise hook when it begins',
    'run, a getter',
    'run, a promise hook when it begins',
    'run at once, a promise hook when it begins',
    'info, setters of Object.prototype',
  ].map((call) => [call, 'DISPOSED']),
);

const special: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  throws: Object.fromEntries(
    calls
      .filter((call) => !usual[call]?.startsWith('INVALID') && call !== 'run, setters of Array.prototype')
      .map((call) => [call, 'from JavaScript']),
  ),
  // Native code finds no words any more.
  transfers: { 'createProgram, a getter': 'INVALID_PROGRAM' },
  'disposes of the program': { 'run, a getter': 'DISPOSED' },
  'disposes of the device': disposed,
  'shuts down': { ...disposed, 'Device, a getter': 'DISPOSED', 'Device, a proxy': 'DISPOSED' },
};

test('every export is driven', (t) => {
  t.deepEqual(calls, Object.keys(usual));
  const driven = new Set(calls.map((call) => call.split(/\W/)[0]));
  // `format` is plain data, and to shut down is one of the acts.
  const others = ['format', 'shutDown', 'sumsOfRanks', 'constructor'];
  t.deepEqual([...new Set(exports)].filter((name) => !others.includes(name)).toSorted(), [...driven].toSorted());
});

for (const act of acts) {
  test(`JavaScript that runs while arguments are read: ${act}`, async (t) => {
    // A promise hook that throws ends the process in any program.
    const chosen = calls.filter((call) => act !== 'throws' || !call.includes('promise hook'));
    const expected = { ...usual, ...special[act] };
    // What has been shut down stays so: a process for each.
    const groups = act === 'shuts down' ? chosen.map((call) => [call]) : [chosen];
    for (const group of groups) {
      t.deepEqual(await child(act, ...group), Object.fromEntries(group.map((call) => [call, expected[call]])));
    }
  });
}
