// Tensors of a CUDA device with arguments that do not fit, TypeScript's types ignored: prints the code of each error.
// And tensors that nobody holds any more. Needs --expose-gc.
import { loadAddon } from '../../../lib/engine/addon.js';
import { accumulator } from '../../support/engine/encoded-programs.js';

const addon = loadAddon();
const make = () => new addon.Device({ kind: 'cuda', index: 0, precision: 'float32' });
const shared = (length: number) => new Float32Array(new SharedArrayBuffer(4 * length));
const control = () => new Int32Array(new SharedArrayBuffer(8));

const device = make();
const other = make();
const host = shared(2);
const own = device.allocate(host);
const { words, constants, bindings } = accumulator();
const program = device.createProgram(
  words,
  constants,
  bindings.map(({ name }) => name),
);

// A view that grows with its buffer. TypeScript's library does not know the option yet.
const GrowableBuffer = SharedArrayBuffer as new (bytes: number, options: object) => SharedArrayBuffer;
const buffer = new GrowableBuffer(4, { maxByteLength: 8 });
const growing = new Float32Array(buffer);
const grown = device.allocate(growing);
Reflect.apply(Reflect.get(buffer, 'grow'), buffer, [8]);

const call = (target: object, method: string, ...given: unknown[]): unknown =>
  Reflect.apply(Reflect.get(target, method), target, given);
const attempts: Readonly<Record<string, () => unknown>> = {
  'a copy of fewer bytes': () => device.copy(shared(1), own),
  'a copy of more bytes': () => device.copy(shared(3), own),
  'a copy from nothing but an empty array': () => device.copy(shared(0), own),
  'a copy to an empty array': () => device.copy(own, shared(0)),
  'a copy of a buffer that has grown': () => device.copy(growing, grown),
  'a run on a buffer that has grown': () => program.run([host, shared(2), grown], 1, control()),
  'a copy between arrays': () => device.copy(host, shared(2)),
  'a copy to an array that is not shared': () => device.copy(own, new Float32Array(2) as never),
  'a copy to nothing': () => call(device, 'copy', own),
  'a copy by another device': () => other.copy(host, own),
  'a run on another device': () =>
    other
      .createProgram(
        words,
        constants,
        bindings.map(({ name }) => name),
      )
      .run([own, shared(2), shared(2)], 1, control()),
  'a tensor that nobody allocated': () => {
    const empty = Reflect.construct((own as object).constructor, []);
    device.copy(host, empty as never);
  },
};
const outcomes: Record<string, string> = {};
for (const [name, attempt] of Object.entries(attempts)) {
  try {
    await attempt();
    outcomes[name] = 'done';
  } catch (error) {
    outcomes[name] = String((error as { code?: string }).code ?? error);
  }
}

// Tensors that are garbage while copies of them are queued, and during a run on one of them: total += row + 2 x.
const { gc } = globalThis;
if (gc === undefined) throw new Error('run with --expose-gc');
const collect = async (): Promise<void> => {
  for (let round = 0; round < 5; round++) {
    gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
};
const total = shared(2);
const queueCopies = (): void => {
  const between = device.allocate(host);
  device.copy(shared(2).fill(5), between);
  device.copy(between, own);
};
queueCopies();
await collect();
const begin = (): Promise<number> => {
  const x = device.allocate(host);
  device.copy(own, x);
  return program.run([x, shared(2).fill(1), total], 1, control());
};
const run = begin();
await collect();
await run;

host.set([3, 4]);
device.copy(host, own);
const back = shared(2);
device.copy(own, back);
await device.flush();
device.dispose();
let disposed = 'done';
try {
  device.copy(host, own);
} catch (error) {
  disposed = String((error as { code?: string }).code);
}
console.log(JSON.stringify({ outcomes, total: [...total], back: [...back], disposed }));
