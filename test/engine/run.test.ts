import test from 'ava';
import { Device, RunAborted } from '../../lib/engine/index.js';
import { BilevelError, type ErrorCode } from '../../lib/errors.js';
import { Tensor } from '../../lib/tensor.js';
import { testDevice } from '../support/devices.js';
import { accumulator, busyCounter, counter, endless } from '../support/engine/encoded-programs.js';
import { ProgramEncoder } from '../support/engine/program-encoder.js';

const device = testDevice({});
/**
 * For what the processor alone does, whatever the others run on: it computes in the tensors, and short runs at once.
 */
const cpu = Device.cpu();

/** What AVA expects of a BilevelError with this code, whose message holds all the parts. */
function failure(code: ErrorCode, ...parts: readonly string[]) {
  return {
    instanceOf: BilevelError,
    code,
    message: (message: string) => parts.every((part) => message.includes(part)),
  };
}

function inputs(steps: number) {
  return {
    x: Tensor.from([100, 10]),
    row: Tensor.from(
      Array.from({ length: 2 * steps }, (_, index) => index),
      [steps, 2],
    ),
    total: Tensor.zeros([2]),
  };
}

test('a device says what it is', (t) => {
  const { kind, threads, library, instructionSet } = Device.cpu({ threads: 2 }).info();
  t.is(kind, 'cpu');
  t.is(threads, 2);
  t.regex(library, /^oneDNN \d+\.\d+\.\d+$/);
  t.true(instructionSet.length > 0);
});

test('the prologue runs once a run, and each step sees its own row', async (t) => {
  const program = device.load(accumulator());
  const tensors = inputs(3);
  t.is(await program.run(tensors, { steps: 3 }), 3);
  t.deepEqual(tensors.total.toArray(), [0 + 2 + 4 + 600, 1 + 3 + 5 + 60]);
  t.is(await program.run({ ...tensors, row: Tensor.zeros([1, 2]) }), 1);
  t.deepEqual(tensors.total.toArray(), [806, 89]);
});

test('a profile adds up the time of every instruction, and the run does its work', async (t) => {
  const program = device.load(accumulator());
  const tensors = inputs(3);
  const seconds = await program.profile(tensors, { steps: 3 });
  t.deepEqual(tensors.total.toArray(), [0 + 2 + 4 + 600, 1 + 3 + 5 + 60]);
  t.true(seconds.length >= 2);
  t.true(seconds.every((value) => value > 0 && value < 60));
  program.dispose();
  await t.throwsAsync(program.profile(tensors, { steps: 3 }), failure('DISPOSED'));
});

test('runs of one program are executed in the order in which they were started', async (t) => {
  const program = device.load(accumulator());
  const shared = { x: Tensor.zeros([2]), row: Tensor.from([1, 1, 1, 1], [2, 2]) };
  const totals = Array.from({ length: 20 }, () => Tensor.zeros([2]));
  const ended: number[] = [];
  await Promise.all(
    totals.map(async (total, index) => {
      await program.run({ ...shared, total }, { steps: 2 });
      ended.push(index);
    }),
  );
  t.deepEqual(
    ended,
    totals.map((_, index) => index),
  );
  t.true(totals.every((total) => total.toArray().join() === '2,2'));
});

test('the event loop turns while a run is going on', async (t) => {
  const program = device.load(busyCounter());
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const controller = new AbortController();
  const run = program.run(counter(), { steps: endless, signal: controller.signal });
  while (turns < 20) await new Promise((resolve) => setTimeout(resolve, 1));
  clearInterval(timer);
  controller.abort();
  await t.throwsAsync(run, failure('ABORTED'));
});

test('on the processor, runs that are known to be short are executed at once, but not before one that is pending', async (t) => {
  const program = cpu.load(accumulator());
  const isAtOnce = async (tensors: ReturnType<typeof inputs>, steps = 1): Promise<boolean> => {
    const before = tensors.total.data[0];
    const run = program.run(tensors, { steps });
    const after = tensors.total.data[0];
    t.is(await run, steps);
    t.not(tensors.total.data[0], before);
    return after === tensors.total.data[0];
  };
  t.false(await isAtOnce(inputs(200_000), 200_000), 'nothing is known of the first run');
  const tensors = inputs(1);
  let calls = 1;
  while (calls < 10_000 && !(await isAtOnce(tensors))) calls++;
  t.true(calls < 10_000);

  const controller = new AbortController();
  const long = cpu.load(busyCounter()).run(counter(), { steps: endless, signal: controller.signal });
  const total = Tensor.zeros([2]);
  const short = program.run({ ...tensors, total });
  t.deepEqual(total.toArray(), [0, 0]);
  controller.abort();
  await t.throwsAsync(long, failure('ABORTED'));
  await short;
  t.not(total.data[0], 0);
});

test('timers and other tasks have their turn beside a loop of short runs', async (t) => {
  const program = device.load(accumulator());
  const tensors = inputs(1);
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  let calls = 0;
  while (turns < 5 && calls < 1e7) {
    await program.run(tensors);
    calls++;
  }
  clearInterval(timer);
  t.true(turns >= 5);
});

test('on the processor, an abort ends a run at a whole step of which the host has seen the result, and says where and why', async (t) => {
  const program = cpu.load(busyCounter());
  const tensors = counter();
  const controller = new AbortController();
  const run = program.run(tensors, { steps: endless, signal: controller.signal });
  while (tensors.count.data[0] === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  const reason = new Error('enough');
  controller.abort(reason);
  const error = await t.throwsAsync(run, { instanceOf: RunAborted, code: 'ABORTED' });
  t.is(error?.cause, reason);
  t.true((error?.stepsCompleted ?? 0) > 0);
  t.deepEqual(tensors.count.toArray(), [error?.stepsCompleted, error?.stepsCompleted]);
  t.is(await program.run(tensors), 1);
  t.is(tensors.count.data[0], (error?.stepsCompleted ?? 0) + 1);
});

test('on the processor, a product that takes seconds is given up in the middle, also where it is a result', async (t) => {
  const size = 8192;
  const encoder = new ProgramEncoder();
  const product = encoder.binding('product', [size, size], 'write');
  const [a, b] = [encoder.arena(size * size), encoder.arena(size * size)];
  const program = cpu.load(encoder.body('matmul', 1, size, size, size, 0, 0, a, 0, b, 0, product, 0).encode());
  const controller = new AbortController();
  const run = program.run({ product: Tensor.zeros([size, size]) }, { signal: controller.signal });
  setTimeout(() => controller.abort(), 50);
  await t.throwsAsync(run, failure('ABORTED', 'after 0 of 1 steps'));
});

test('an aborted run that is still queued does nothing', async (t) => {
  const program = device.load(busyCounter());
  const [first, second] = [counter(), counter()];
  const [firstControl, secondControl] = [new AbortController(), new AbortController()];
  const running = program.run(first, { steps: endless, signal: firstControl.signal });
  const queued = program.run(second, { steps: 5, signal: secondControl.signal });
  secondControl.abort();
  firstControl.abort();
  await t.throwsAsync(running, failure('ABORTED'));
  await t.throwsAsync(queued, failure('ABORTED', 'after 0 of 5 steps'));
  t.deepEqual(second.count.toArray(), [0, 0]);
  await t.throwsAsync(program.run(second, { signal: AbortSignal.abort() }), failure('ABORTED', 'after 0 of 1 steps'));
});

test('a run that completes before its abort resolves', async (t) => {
  const controller = new AbortController();
  const program = device.load(accumulator());
  t.is(await program.run(inputs(1), { signal: controller.signal }), 1);
  controller.abort();
  t.is(await program.run(inputs(1)), 1);
});

test('the same program gives the same bits twice', async (t) => {
  const encoder = new ProgramEncoder();
  const x = encoder.binding('x', [300, 300], 'read');
  const y = encoder.binding('y', [300, 300], 'readWrite');
  const total = encoder.binding('total', [1], 'write');
  encoder.body('matmul', 1, 300, 300, 300, 0, 1, x, 0, x, 0, y, 0);
  encoder.body('fused', 1, 0, 1, 90000, 1, y, 0, 1, 0, 1, 1, 0, total, 0, 0);
  const encoded = encoder.encode();
  const values = Tensor.from(
    Array.from({ length: 90000 }, (_, index) => Math.sin(index * index)),
    [300, 300],
  );
  const results = [];
  for (let round = 0; round < 3; round++) {
    const program = testDevice({ threads: 2 }).load(encoded);
    const outputs = { y: Tensor.zeros([300, 300]), total: Tensor.zeros([1]) };
    await program.run({ x: values, ...outputs });
    await program.run({ x: values, ...outputs });
    results.push([...outputs.y.toArray(), ...outputs.total.toArray()]);
  }
  t.deepEqual(results[1], results[0]);
  t.deepEqual(results[2], results[0]);
});

test('tensors are checked against the bindings', async (t) => {
  const program = device.load(accumulator());
  const { x, row, total } = inputs(2);
  const refuse = (bindings: Record<string, Tensor>, ...expected: Parameters<typeof failure>) =>
    t.throwsAsync(program.run(bindings, { steps: 2 }), failure(...expected));
  await refuse({ x, row }, 'INVALID_ARGUMENT', 'total', 'undefined');
  await refuse({ x, row, total, extra: x }, 'INVALID_ARGUMENT', '"extra"', 'x, row, total');
  await refuse({ x, row, total, totla: x }, 'INVALID_ARGUMENT', 'Did you mean total?');
  await refuse({ x: Tensor.zeros([3]), row, total }, 'SHAPE_MISMATCH', 'float32[2]', 'x', 'float32[3]');
  await refuse({ x, row: x, total }, 'SHAPE_MISMATCH', 'float32[2, 2]', 'row', 'float32[2]');
  await refuse({ x: Tensor.zeros([2], 'int32'), row, total }, 'SHAPE_MISMATCH', 'float32[2]', 'int32[2]');
  await refuse(Object.create({ x, row, total }), 'INVALID_ARGUMENT', 'the binding x');
  const forged: Tensor = Object.create(x, { data: { value: new Float32Array(2) } });
  await refuse({ x: forged, row, total }, 'INVALID_ARGUMENT', 'memory of the binding x', 'SharedArrayBuffer');
  const growable = new Float32Array(new SharedArrayBuffer(8, { maxByteLength: 16 }));
  await refuse({ x: Object.create(x, { data: { value: growable } }), row, total }, 'INVALID_ARGUMENT', 'fixed length');
  for (const steps of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31]) {
    await t.throwsAsync(program.run({ x, row, total }, { steps }), failure('INVALID_ARGUMENT', 'steps', String(steps)));
  }
  t.is(await program.run({ x, row, total }, { steps: 2 }), 2);
});

test('a tensor that is written belongs to one run', async (t) => {
  const program = device.load(busyCounter());
  const reader = device.load(accumulator());
  const tensors = counter();
  const controller = new AbortController();
  const run = program.run(tensors, { steps: endless, signal: controller.signal });
  await t.throwsAsync(program.run(tensors), failure('TENSOR_IN_USE', 'count', 'another run'));
  await t.throwsAsync(reader.run({ ...inputs(1), x: tensors.count }), failure('TENSOR_IN_USE', 'x'));
  const other = testDevice();
  await t.throwsAsync(other.load(busyCounter()).run(tensors), failure('TENSOR_IN_USE'));
  other.dispose();
  controller.abort();
  await t.throwsAsync(run, failure('ABORTED'));
  t.is(await program.run(tensors), 1);
  const { x, row } = inputs(1);
  await t.throwsAsync(reader.run({ x, row, total: x }), failure('TENSOR_IN_USE', 'x', 'total'));
});

test('tensors that are only read may be shared between bindings and runs', async (t) => {
  const program = device.load(accumulator());
  const shared = Tensor.from([1, 2], [1, 2]);
  const x = Tensor.from([1, 2]);
  const totals = [Tensor.zeros([2]), Tensor.zeros([2])];
  await Promise.all(totals.map((total) => program.run({ x, row: shared, total })));
  t.deepEqual(
    totals.map((total) => total.toArray()),
    [
      [3, 6],
      [3, 6],
    ],
  );
});

test('a row of a sparse matrix outside its entries, or its matrix, stops the run with an error', async (t) => {
  const encoder = new ProgramEncoder();
  const values = encoder.binding('values', [3], 'read');
  const indices = encoder.binding('indices', [3], 'read', 'int32');
  const extents = encoder.binding('extents', [2, 2], 'read', 'int32');
  const x = encoder.binding('x', [4, 1], 'read');
  const y = encoder.binding('y', [2, 1], 'write');
  const program = device.load(encoder.body('sparseMatmul', 1, 2, 4, 1, 3, 0, values, indices, extents, x, y).encode());
  const tensors = { values: Tensor.from([1, 2, 3]), x: Tensor.from([1, 2, 3, 4], [4, 1]), y: Tensor.zeros([2, 1]) };
  const run = (columns: number[], rows: number[]): Promise<unknown> =>
    program.run({
      ...tensors,
      indices: Tensor.from(columns, [3], 'int32'),
      extents: Tensor.from(rows, [2, 2], 'int32'),
    });
  for (const bad of [-1, 4, 2 ** 31 - 1]) {
    await t.throwsAsync(run([0, bad, 3], [0, 1, 1, 2]), failure('INDEX_OUT_OF_RANGE', String(bad)));
  }
  await t.throwsAsync(run([0, 1, 3], [0, 1, 2, 2]), failure('INDEX_OUT_OF_RANGE', '2 entries from 2'));
  await t.throwsAsync(run([0, 1, 3], [0, 1, -1, 2]), failure('INDEX_OUT_OF_RANGE', '2 entries from -1'));
  await run([0, 9, 3], [2, 1, 0, 1]);
  t.deepEqual(tensors.y.toArray(), [12, 1]);
});

test('an index outside its table stops the run with an error', async (t) => {
  const encoder = new ProgramEncoder();
  const table = encoder.binding('table', [4], 'read');
  const indices = encoder.binding('indices', [2], 'read', 'int32');
  const y = encoder.binding('y', [2], 'write');
  const program = device.load(encoder.body('gather', 1, 4, 1, 2, table, indices, y).encode());
  const tensors = { table: Tensor.from([1, 2, 3, 4]), y: Tensor.zeros([2]) };
  // The later ones are short runs, executed at once.
  for (let round = 0; round < 200; round++) {
    for (const bad of [-1, 4, 2 ** 31 - 1]) {
      const run = program.run({ ...tensors, indices: Tensor.from([3, bad], [2], 'int32') });
      await t.throwsAsync(run, failure('INDEX_OUT_OF_RANGE', String(bad)));
    }
    await program.run({ ...tensors, indices: Tensor.from([3, 0], [2], 'int32') });
    t.deepEqual(tensors.y.toArray(), [4, 1]);
  }
});

test('what was disposed of refuses to work', async (t) => {
  const own = testDevice();
  const [kept, dropped] = [own.load(accumulator()), own.load(accumulator())];
  dropped.dispose();
  dropped.dispose();
  await t.throwsAsync(dropped.run(inputs(1)), failure('DISPOSED', 'program'));
  t.is(await kept.run(inputs(1)), 1);
  own.dispose();
  own.dispose();
  await t.throwsAsync(kept.run(inputs(1)), failure('DISPOSED', 'device'));
  t.throws(() => own.info(), failure('DISPOSED'));
  t.throws(() => own.load(accumulator()), failure('DISPOSED'));
  kept[Symbol.dispose]();
});

test('disposing of a program lets its run finish; disposing of a device cuts runs off at a whole step', async (t) => {
  const own = testDevice();
  const program = own.load(busyCounter());
  const tensors = counter();
  const finishing = program.run(tensors, { steps: 5 });
  program.dispose();
  t.is(await finishing, 5);
  const long = own.load(busyCounter());
  const running = long.run(tensors, { steps: endless });
  const queued = long.run(counter(), { steps: endless });
  own.dispose();
  await t.throwsAsync(running, failure('DISPOSED', 'during the run'));
  await t.throwsAsync(queued, failure('DISPOSED'));
  t.is(tensors.count.data[0], tensors.count.data[1]);
});

test('damaged programs are refused with the place of the damage', (t) => {
  const { words, constants, bindings } = accumulator();
  t.throws(
    () => device.load({ words: words.slice(0, -1), constants, bindings }),
    failure('INVALID_PROGRAM', 'instruction 2'),
  );
  t.throws(() => device.load({ words, constants, bindings: [] }), failure('INVALID_ARGUMENT', '3 names'));
});

test('the number of threads is checked', (t) => {
  for (const threads of [0, -1, 1.5, 257, Number.NaN]) {
    t.throws(() => Device.cpu({ threads }), failure('INVALID_ARGUMENT', 'threads', String(threads)));
  }
});

test('a run reads and writes memory that tensors lie over, and parts that do not overlap are apart', async (t) => {
  const program = device.load(accumulator());
  const memory = new SharedArrayBuffer(64);
  const view = (offset: number, length: number) => Tensor.over(new Float32Array(memory, offset, length));
  const { x, row, total } = inputs(1);
  const [sharedX, sharedTotal] = [view(4, 2), view(20, 2)];
  sharedX.copyFrom(x);
  await program.run({ x, row, total });
  await program.run({ x: sharedX, row, total: sharedTotal });
  t.deepEqual([...new Float32Array(memory, 20, 2)], total.toArray());
  t.is(new Float32Array(memory)[7], 0);
  await t.throwsAsync(
    async () => program.run({ x: sharedX, row, total: view(8, 2) }),
    failure('TENSOR_IN_USE', 'share memory'),
  );
});
