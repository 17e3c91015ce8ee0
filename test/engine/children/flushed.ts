// A flush takes over what a run before it has left behind: nothing of it may be held that is garbage by then. Needs
// --expose-gc.

import { compile } from '../../../lib/compile/index.js';
import { loadAddon } from '../../../lib/engine/addon.js';
import * as g from '../../../lib/graph/index.js';

const { gc } = globalThis;
if (gc === undefined) throw new Error('run with --expose-gc');
const turn = () => new Promise((resolve) => setImmediate(resolve));

const addon = loadAddon();
const device = new addon.Device({ kind: 'cpu', threads: 1, precision: 'float32' });
const inputs = Array.from({ length: 300 }, (_, index) => g.input(`x${index}`, [1]));
const { words, constants, bindings } = compile({ updates: inputs.map((input) => [input, g.add(input, 1)]) });
const program = device.createProgram(
  words,
  constants,
  bindings.map(({ name }) => name),
);
const tensors = () => bindings.map(() => new Float32Array(new SharedArrayBuffer(4)));

let steps = 0;
for (let round = 0; round < 20; round++) {
  steps += await program.run(tensors(), 1, new Int32Array(new SharedArrayBuffer(8)));
  gc();
  const flushed = device.flush();
  gc();
  await turn();
  gc();
  steps += await flushed;
}
console.log(`steps: ${steps}`);
