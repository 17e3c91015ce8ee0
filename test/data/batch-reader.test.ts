import { setImmediate, setTimeout as wait } from 'node:timers/promises';
import test from 'ava';
import { type Batch, BatchReader, type BatchSource } from '../../lib/data/batch-reader.js';
import { Tensor } from '../../lib/tensor.js';

const batchOf = (number: number): Batch => ({ x: Tensor.from([number]) });
const numberOf = ({ x }: Batch): number => Number(x?.data[0]);
const open = (source: BatchSource, ahead = 1): BatchReader =>
  new BatchReader('train', source, (batch) => batch as Batch, ahead);

function* counting(start: number): Generator<Batch> {
  for (let number = start; ; number++) yield batchOf(number);
}
async function* slowly(start: number): AsyncGenerator<Batch> {
  for (let number = start; ; number++) {
    await wait(1);
    yield batchOf(number);
  }
}
const taken = async (reader: BatchReader, count: number): Promise<number[]> => {
  const numbers: number[] = [];
  while (numbers.length < count) numbers.push(numberOf(await reader.take(undefined)));
  return numbers;
};

/** As many turns of the event loop as anything here could take. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await setImmediate();
}

for (const [name, source] of Object.entries({ generator: counting, 'asynchronous generator': slowly })) {
  for (const ahead of [0, 1, 5]) {
    test(`a ${name} is read in order, ${ahead} ahead, and goes on where a state was read`, async (t) => {
      const reader = open(source, ahead);
      t.deepEqual(await taken(reader, 4), [0, 1, 2, 3]);
      const state = JSON.parse(JSON.stringify(reader.state));
      t.deepEqual(await taken(reader, 3), [4, 5, 6]);
      reader.restore(state);
      t.deepEqual(await taken(reader, 2), [4, 5]);
      const other = open(source, ahead);
      other.restore(state);
      t.deepEqual(await taken(other, 3), [4, 5, 6]);
      reader[Symbol.dispose]();
      other[Symbol.dispose]();
    });
  }
}

test('no more batches are asked for than are to be ahead', async (t) => {
  let given = 0;
  const reader = open(function* (start) {
    for (const batch of counting(start)) {
      given++;
      yield batch;
    }
  }, 3);
  t.is(given, 0, 'nothing is read before a batch is needed');
  for (let number = 1; number < 6; number++) {
    await reader.take(undefined);
    await turns();
    t.is(given, number + 3);
  }
  reader[Symbol.dispose]();
});

test('batches ahead are read after a turn of the event loop, so that a run can begin', async (t) => {
  let given = 0;
  const reader = open(function* (start) {
    for (const batch of counting(start)) {
      given++;
      yield batch;
    }
  });
  await reader.take(undefined);
  await Promise.resolve();
  t.is(given, 1);
  await turns();
  t.is(given, 2);
  reader[Symbol.dispose]();
});

test('a source that ends is asked for the batches that follow, and fails when it has none', async (t) => {
  const starts: number[] = [];
  const epochs = open((start) => {
    starts.push(start);
    return [batchOf(start), batchOf(start + 1), batchOf(start + 2)];
  });
  t.deepEqual(await taken(epochs, 7), [0, 1, 2, 3, 4, 5, 6]);
  t.deepEqual(starts.slice(0, 3), [0, 3, 6]);
  const ending = open((start) => (start === 0 ? [batchOf(0), batchOf(1)] : []));
  t.deepEqual(await taken(ending, 2), [0, 1]);
  for (let attempt = 0; attempt < 2; attempt++) {
    await t.throwsAsync(ending.take(undefined), {
      code: 'INVALID_DATA',
      message: /feed train ended: .* those from number 2 on/,
    });
    ending.restore({ taken: 2 });
  }
  await t.throwsAsync(open(() => 3 as never).take(undefined), { code: 'INVALID_ARGUMENT', message: /an iterable/ });
});

test('what the source throws is thrown as it is, each time until it does not', async (t) => {
  let broken = true;
  const reader = open(async function* (start) {
    yield batchOf(start);
    if (broken) throw new RangeError('the disk is gone');
    yield batchOf(start + 1);
  }, 2);
  t.deepEqual(await taken(reader, 1), [0]);
  await t.throwsAsync(reader.take(undefined), { instanceOf: RangeError, message: 'the disk is gone' });
  t.deepEqual(reader.state, { taken: 1 });
  broken = false;
  reader.restore(reader.state);
  t.deepEqual(await taken(reader, 2), [1, 2]);
  reader[Symbol.dispose]();
});

/** A source that tells what is open, and waits for a batch as long as `gate` does. */
function gated(gate: () => Promise<unknown>) {
  const seen = { opened: 0, closed: 0 };
  const source: BatchSource = async function* (start) {
    seen.opened++;
    try {
      for (let number = start; ; number++) {
        await gate();
        yield batchOf(number);
      }
    } finally {
      seen.closed++;
    }
  };
  return { seen, source };
}

test('going back and disposing close the iterator', async (t) => {
  const { seen, source } = gated(async () => undefined);
  const reader = open(source);
  await taken(reader, 3);
  t.deepEqual(seen, { opened: 1, closed: 0 });
  reader.restore({ taken: 1 });
  t.deepEqual(await taken(reader, 1), [1]);
  t.deepEqual(seen, { opened: 2, closed: 1 });
  reader[Symbol.dispose]();
  await turns();
  t.deepEqual(seen, { opened: 2, closed: 2 });
  await t.throwsAsync(reader.take(undefined), { code: 'DISPOSED' });
});

test('who waits for a batch is stopped by the signal, and by disposing', async (t) => {
  const { source } = gated(() => new Promise(() => undefined));
  const reader = open(source);
  const controller = new AbortController();
  const waiting = reader.take(controller.signal);
  controller.abort(new Error('enough'));
  const error = await t.throwsAsync(waiting, { code: 'ABORTED', message: /a batch of the feed train: enough/ });
  t.like(error?.cause, { message: 'enough' });
  t.deepEqual(reader.state, { taken: 0 });
  await t.throwsAsync(reader.take(AbortSignal.abort()), { code: 'ABORTED' });
  const again = reader.take(undefined);
  reader[Symbol.dispose]();
  await t.throwsAsync(again, { code: 'DISPOSED' });
});

test('an iterator that cannot be closed fails the next batch', async (t) => {
  const reader = open(() => ({
    [Symbol.iterator]: () => ({
      next: () => ({ done: false, value: batchOf(0) }),
      return: () => {
        throw new Error('stuck');
      },
    }),
  }));
  await reader.take(undefined);
  reader.restore({ taken: 0 });
  await turns();
  await t.throwsAsync(reader.take(undefined), { message: 'stuck' });
});

test('a state that is none is refused', (t) => {
  for (const state of [undefined, null, 3, {}, { taken: -1 }, { taken: 0.5 }, { taken: '1' }]) {
    t.throws(() => open(counting).restore(state), { code: 'INVALID_ARGUMENT', message: /the state of the feed train/ });
  }
});
