import test from 'ava';
import { loadAddon } from '../../lib/engine/addon.js';
import type { NativeDevice, NativeProgram } from '../../lib/engine/binding.js';
import { accumulator, busyCounter } from '../support/engine/encoded-programs.js';

/** Whatever JavaScript hands to native functions, TypeScript's types ignored: an error with a code, never a crash. */

const addon = loadAddon();
const device = new addon.Device({ kind: 'cpu', threads: 1, precision: 'float32' });

function call(target: object, method: string, ...parameters: unknown[]): unknown {
  return Reflect.apply(Reflect.get(target, method), target, parameters);
}

function construct(...parameters: unknown[]): unknown {
  return Reflect.construct(addon.Device, parameters);
}

function shared(length: number): Float32Array<SharedArrayBuffer> {
  return new Float32Array(new SharedArrayBuffer(4 * length));
}

function control(): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(8));
}

function load(encoded = accumulator()): NativeProgram {
  return device.createProgram(
    encoded.words,
    encoded.constants,
    encoded.bindings.map(({ name }) => name),
  );
}

const oddities: readonly unknown[] = [
  undefined,
  null,
  true,
  -1,
  Number.NaN,
  1e300,
  2 ** 53,
  10n,
  '',
  'text',
  Symbol('s'),
  {},
  [],
  [1, 2, 3],
  () => 0,
  new ArrayBuffer(8),
  new SharedArrayBuffer(8),
  new DataView(new ArrayBuffer(8)),
  new Uint8Array(3),
  new Float64Array(4),
  new BigUint64Array(1),
  new Proxy({}, {}),
  new Proxy([], {}),
  new Date(),
  device,
];

const invalid = { code: 'INVALID_ARGUMENT' };

test('a device is only made from a kind and what belongs to it', (t) => {
  const valid = { kind: 'cpu', threads: 1, precision: 'float32' };
  t.notThrows(() => construct(valid));
  const threads = [0, 257, '2', 1.5, undefined].map((each) => ({ ...valid, threads: each }));
  const precisions = [undefined, 'float64', 16, null].map((precision) => ({ ...valid, precision }));
  const kinds = [undefined, 'gpu', 'CPU', 0].map((kind) => ({ ...valid, kind }));
  const indices = [undefined, -1, 1.5, '0', 2 ** 31].map((index) => ({ kind: 'cuda', index, precision: 'float32' }));
  const rounded = [undefined, 'float16', 16].map((precision) => ({ kind: 'cuda', index: 0, precision }));
  for (const odd of [...oddities, ...threads, ...precisions, ...kinds, ...indices, ...rounded]) {
    t.throws(() => construct(odd), invalid, String(typeof odd));
  }
  t.throws(() => Reflect.apply(addon.Device, undefined, [valid]), { instanceOf: TypeError });
  const thrower = {
    kind: 'cpu',
    get threads(): number {
      throw new RangeError('from a getter');
    },
  };
  t.throws(() => construct(thrower), { instanceOf: RangeError, message: 'from a getter' });
});

test('methods refuse receivers of another class', (t) => {
  const program = load();
  const devicePrototype: NativeDevice = Reflect.getPrototypeOf(device) as NativeDevice;
  const programPrototype: NativeProgram = Reflect.getPrototypeOf(program) as NativeProgram;
  for (const receiver of [...oddities.filter((odd) => odd !== device), program, Object.create(device)]) {
    const { info, createProgram, allocate, copy, flush, dispose } = devicePrototype;
    for (const method of [info, createProgram, allocate, copy, flush, dispose]) {
      t.throws(() => Reflect.apply(method, receiver, []));
    }
  }
  for (const receiver of [...oddities, Object.create(program)]) {
    for (const method of [programPrototype.run, programPrototype.dispose]) {
      t.throws(() => Reflect.apply(method, receiver, []));
    }
  }
});

test('a program that the addon did not make is an empty one', (t) => {
  const empty = Reflect.construct(load().constructor, [device]);
  t.throws(() => call(empty, 'run', [], 1, control()), { code: 'DISPOSED' });
  t.is(call(empty, 'dispose'), undefined);
});

test('programs are only made from words, constants and names', (t) => {
  const { words, constants, bindings } = accumulator();
  const names = bindings.map(({ name }) => name);
  for (const odd of oddities) {
    t.throws(() => call(device, 'createProgram', odd, constants, names), undefined, String(typeof odd));
    t.throws(() => call(device, 'createProgram', words, constants, odd));
    if (!(odd instanceof Uint8Array)) t.throws(() => call(device, 'createProgram', words, odd, names), invalid);
  }
  t.throws(() => call(device, 'createProgram', words, constants, ['a', 'b', 3]), invalid);
  t.throws(() => call(device, 'createProgram', words, constants, ['a']), invalid);
  const detached = words.slice();
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  t.throws(() => call(device, 'createProgram', detached, constants, names), { code: 'INVALID_PROGRAM' });
});

test('tensors of the device are only made and copied where it has memory of its own', async (t) => {
  for (const odd of [...oddities, new Float32Array(2), shared(2)]) {
    t.throws(() => call(device, 'allocate', odd), invalid, String(typeof odd));
    t.throws(() => call(device, 'copy', odd, shared(2)), invalid);
    t.throws(() => call(device, 'copy', shared(2), odd), invalid);
  }
  t.is(await device.flush(), 0);
});

test('runs are only started with the right tensors, steps and control', async (t) => {
  const program = load();
  const tensors = () => [shared(2), shared(2), shared(2)];
  for (const odd of oddities) {
    t.throws(() => call(program, 'run', odd, 1, control()), invalid, String(typeof odd));
    t.throws(() => call(program, 'run', tensors(), odd, control()), invalid);
    if (odd !== undefined) t.throws(() => call(program, 'run', tensors(), 1, control(), odd), invalid);
    t.throws(() => call(program, 'run', tensors(), 1, odd), invalid);
    for (const index of [0, 1, 2])
      t.throws(() => call(program, 'run', tensors().with(index, odd as never), 1, control()));
  }
  for (const steps of [0, 0.5, 2 ** 31, -(2 ** 31), Number.POSITIVE_INFINITY]) {
    t.throws(() => call(program, 'run', tensors(), steps, control()), invalid);
  }
  const detached = new Float32Array(2);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  const wrong = [
    detached,
    new Float32Array(2),
    new Float32Array(new ArrayBuffer(8, { maxByteLength: 16 })),
    shared(1),
    shared(3),
    new Int32Array(new SharedArrayBuffer(8)),
  ];
  for (const tensor of wrong)
    t.throws(() => call(program, 'run', tensors().with(2, tensor as never), 1, control()), invalid);
  t.throws(
    () => call(program, 'run', tensors(), 2, control()),
    invalid,
    'the per-step tensor is too short for 2 steps',
  );
  for (const bad of [new Int32Array(2), new Int32Array(new SharedArrayBuffer(4)), shared(2)]) {
    t.throws(() => call(program, 'run', tensors(), 1, bad), invalid);
  }
  t.is(await program.run(tensors(), 1, control()), 1);
});

test('arguments that run JavaScript while they are read cannot pull the program away', async (t) => {
  const program = load();
  const tensors: unknown[] = [shared(2), shared(2)];
  Object.defineProperty(tensors, 2, {
    get: () => {
      program.dispose();
      return shared(2);
    },
  });
  t.throws(() => call(program, 'run', tensors, 1, control()), { code: 'DISPOSED' });

  const other = load();
  const reentrant: unknown[] = [shared(2), shared(2)];
  let inner: Promise<number> | undefined;
  Object.defineProperty(reentrant, 2, {
    get: () => {
      inner = other.run([shared(2), shared(2), shared(2)], 1, control());
      return shared(2);
    },
  });
  t.is(await call(other, 'run', reentrant, 1, control()), 1);
  t.is(await inner, 1);
});

test('what the caller does to its array of tensors does not touch the run', async (t) => {
  const program = load(busyCounter());
  const count = shared(2);
  const tensors = [count];
  const run = program.run(tensors, 5, control());
  tensors.length = 0;
  t.is(await run, 5);
  t.deepEqual([...count], [5, 5]);
});

test('nothing is leased by a run that is refused', async (t) => {
  const program = load();
  const [x, row, total] = [shared(2), shared(2), shared(2)];
  const overlapping = new Float32Array(total.buffer, 4, 1);
  t.throws(() => call(program, 'run', [x, row, overlapping], 1, control()), invalid);
  t.throws(() => program.run([x, total, total], 1, control()), { code: 'TENSOR_IN_USE' });
  t.is(await program.run([x, row, total], 1, control()), 1);
});

test('ranges of one buffer that touch but do not overlap are different tensors', async (t) => {
  const program = load();
  const memory = new SharedArrayBuffer(24);
  const views = [0, 8, 16].map((offset) => new Float32Array(memory, offset, 2));
  t.is(await program.run(views, 1, control()), 1);
  const shifted = [new Float32Array(memory, 0, 2), new Float32Array(memory, 8, 2), new Float32Array(memory, 12, 2)];
  t.throws(() => program.run(shifted, 1, control()), { code: 'TENSOR_IN_USE' });
});
