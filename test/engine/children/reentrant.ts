// Every export of the addon with arguments that run JavaScript while they are read: for the test of reentrancy, which
// expects the outcomes that are printed. Run with --expose-gc.
import { promiseHooks } from 'node:v8';
import { loadAddon } from '../../../lib/engine/addon.js';
import type { NativeDevice, NativeProgram } from '../../../lib/engine/binding.js';
import { accumulator, busyCounter } from '../../support/engine/encoded-programs.js';

const addon = loadAddon();
const encoded = accumulator();
const names = encoded.bindings.map(({ name }) => name);
const collect = globalThis.gc as () => void;

/** What a call meets, made anew for each. */
class Scene {
  readonly device: NativeDevice = new addon.Device({ kind: 'cpu', threads: 1, precision: 'float32' });
  /** More than the allocator keeps for itself: read after it was freed, it faults or is something else. */
  readonly words = new Float64Array(1 << 17);
  readonly constants = new Uint8Array(1 << 20);
  readonly program: NativeProgram = load(this.device, encoded.words, encoded.constants);
  readonly busy: NativeProgram = load(this.device, busyCounter().words, busyCounter().constants, ['count']);

  constructor() {
    this.words.set(encoded.words);
  }

  /** The words of the program alone. */
  get programWords(): Float64Array {
    return this.words.subarray(0, encoded.words.length);
  }
}

function load(device: NativeDevice, words: Float64Array, constants: Uint8Array, bindings = names): NativeProgram {
  return device.createProgram(words, constants, bindings);
}

const shared = (): Float32Array<SharedArrayBuffer> => new Float32Array(new SharedArrayBuffer(8));
const control = (): Int32Array<SharedArrayBuffer> => new Int32Array(new SharedArrayBuffer(8));
const transfer = ({ buffer }: ArrayBufferView): void => {
  structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
  for (let round = 0; round < 4; round++) collect();
};

/** What happens while an argument is read. */
const acts: Readonly<Record<string, (scene: Scene, array: unknown[]) => unknown>> = {
  throws: () => {
    throw new RangeError('from JavaScript');
  },
  transfers: ({ words, constants }) => {
    transfer(words);
    transfer(constants);
  },
  'starts a run': ({ program }) => {
    program.run([shared(), shared(), shared()], 1, control()).catch(() => 'its device may be disposed of by then');
  },
  'makes a program': ({ device }) => load(device, encoded.words, encoded.constants),
  'disposes of the program': ({ program }) => program.dispose(),
  'disposes of the device': ({ device }) => device.dispose(),
  'empties the array': (_, array) => {
    array.length = 0;
  },
  collects: () => collect(),
  'shuts down': () => addon.shutDown(),
};

/** An array whose last element is a getter that acts. */
function acting(elements: readonly unknown[], act: (array: unknown[]) => void): unknown[] {
  const array = [...elements];
  const last = array.pop();
  Object.defineProperty(array, elements.length - 1, {
    configurable: true,
    get: () => {
      act(array);
      return last;
    },
  });
  return array;
}

/** Acts whenever a property is read. */
function spying(act: (array: unknown[]) => void): ProxyHandler<object> {
  return {
    get: (target, key) => {
      act([]);
      return Reflect.get(target, key);
    },
  };
}

/** Acts when the promise that `start` returns is made, or settles. */
async function hooked(
  event: 'init' | 'settled',
  act: (array: unknown[]) => void,
  start: () => unknown,
): Promise<unknown> {
  let promise: unknown;
  const stop = promiseHooks.createHook({
    [event]: (hooked: unknown) => {
      if (event === 'init' || hooked === promise) act([]);
    },
  });
  try {
    promise = start();
    if (event === 'init') stop();
    return await promise;
  } finally {
    stop();
  }
}

type Call = (scene: Scene, act: (array: unknown[]) => void) => unknown;
const call = (target: object, method: string, ...given: unknown[]): unknown =>
  Reflect.apply(Reflect.get(target, method), target, given);

const calls: Readonly<Record<string, Call>> = {
  'Device, a getter': (_, act) => {
    const options = {
      kind: 'cpu',
      get threads() {
        act([]);
        return 1;
      },
      precision: 'float32',
    };
    return Reflect.construct(addon.Device, [options]);
  },
  'Device, a proxy': (_, act) => {
    const options = new Proxy({ kind: 'cpu', threads: 1, precision: 'float32' }, spying(act));
    return Reflect.construct(addon.Device, [options]);
  },
  'createProgram, a getter': ({ device, programWords, constants }, act) =>
    call(device, 'createProgram', programWords, constants, acting(names, act)),
  'createProgram, a proxy': ({ device, programWords, constants }, act) =>
    call(device, 'createProgram', programWords, constants, new Proxy(names, { get: () => act([]) })),
  'allocate, a proxy': ({ device }, act) => call(device, 'allocate', new Proxy(shared(), spying(act))),
  'copy, a proxy': ({ device }, act) => call(device, 'copy', undefined, new Proxy(shared(), spying(act))),
  'flush, a promise hook when it begins': ({ device }, act) => hooked('init', act, () => device.flush()),
  'flush, a promise hook when it settles': ({ device }, act) => hooked('settled', act, () => device.flush()),
  'run, a getter': ({ program }, act) =>
    call(program, 'run', acting([shared(), shared(), shared()], act), 1, control()),
  'run, a proxy for control': ({ program }, act) =>
    call(program, 'run', [shared(), shared(), shared()], 1, new Proxy(control(), { get: () => act([]) })),
  'run, an object for steps': ({ program }, act) =>
    call(program, 'run', [shared(), shared(), shared()], { valueOf: () => act([]) }, control()),
  // Executed on the device's thread, so that the memory must be held; the setters are those of all arrays and objects.
  'run, setters of Array.prototype': async ({ busy }, act) => {
    const setter = { configurable: true, set: () => act([]), get: () => undefined };
    const keys = ['0', '1', '2'];
    let done: unknown;
    for (const key of keys) Object.defineProperty(Array.prototype, key, setter);
    try {
      done = call(busy, 'run', [shared()], 5, control());
    } finally {
      for (const key of keys) Reflect.deleteProperty(Array.prototype, key);
    }
    collect();
    return done;
  },
  // Errors are made without a look at the setters of Error.prototype.
  'run, a setter of Error.prototype': ({ program }, act) => {
    Object.defineProperty(Error.prototype, 'code', { configurable: true, set: () => act([]) });
    try {
      return program.run([], 1, control());
    } finally {
      Reflect.deleteProperty(Error.prototype, 'code');
    }
  },
  'run, a promise hook when it begins': ({ program }, act) =>
    hooked('init', act, () => program.run([shared(), shared(), shared()], 1, control())),
  'run at once, a promise hook when it begins': async ({ program }, act) => {
    await program.run([shared(), shared(), shared()], 1, control());
    return hooked('init', act, () => program.run([shared(), shared(), shared()], 1, control()));
  },
  'run, a promise hook when it settles': ({ busy }, act) =>
    hooked('settled', act, () => busy.run([shared()], 2, control())),
  'info, setters of Object.prototype': ({ device }, act) => {
    Object.defineProperty(Object.prototype, 'kind', { configurable: true, set: () => act([]) });
    try {
      return device.info();
    } finally {
      Reflect.deleteProperty(Object.prototype, 'kind');
    }
  },
  'findDevices, setters of Object.prototype': (_, act) => {
    Object.defineProperty(Object.prototype, 'kind', { configurable: true, set: () => act([]) });
    try {
      return addon.findDevices();
    } finally {
      Reflect.deleteProperty(Object.prototype, 'kind');
    }
  },
  'joinRanks, an object for seconds': (_, act) => call(addon, 'joinRanks', '/none.so', { valueOf: () => act([]) }),
  'leaveRanks, an object for status': (_, act) => call(addon, 'leaveRanks', { valueOf: () => act([]) }),
  'instructionCount, a proxy': ({ program }, act) => call(new Proxy(program, spying(act)), 'instructionCount'),
  'dispose, a proxy': ({ program }, act) => call(new Proxy(program, spying(act)), 'dispose'),
};

async function outcomeOf(name: string, act: string): Promise<string> {
  const scene = new Scene();
  let calledBack = false;
  try {
    await calls[name]?.(scene, (array) => {
      if (calledBack) return;
      calledBack = true;
      acts[act]?.(scene, array);
    });
    return 'done';
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  } finally {
    scene.program.dispose();
    scene.device.dispose();
  }
}

const [act = '', ...chosen] = process.argv.slice(2);
if (act === '') {
  const methodsOf = (value: object): PropertyKey[] => Reflect.ownKeys(Reflect.getPrototypeOf(value) as object);
  const { device, program } = new Scene();
  console.log(
    JSON.stringify({
      exports: [Object.keys(addon), methodsOf(device), methodsOf(program)].flat(),
      calls: Object.keys(calls),
      acts: Object.keys(acts),
    }),
  );
} else {
  const outcomes: Record<string, string> = {};
  for (const name of chosen) outcomes[name] = await outcomeOf(name, act);
  console.log(JSON.stringify(outcomes));
}
