// The times that the engine is designed around: of a kernel in a captured step, of a call, of copies, and of compiling.
import { compile, noPasses } from '../../../dist/lib/compile/index.js';
import { Device } from '../../../dist/lib/engine/index.js';
import * as g from '../../../dist/lib/graph/index.js';
import { Tensor } from '../../../dist/lib/tensor.js';
import { median, part, times } from './part.mjs';

/** A step of twice so many operations behind each other over so many floats, each a kernel of its own. */
async function chain(device, kernels, floats) {
  const x = g.input('x', [floats]);
  let y = x;
  for (let i = 0; i < kernels; i++) y = g.add(g.neg(y), 1);
  const program = device.load(compile({ outputs: {}, updates: [[x, y]] }, noPasses));
  const tensor = Tensor.zeros([floats]);
  return (steps) => program.run({ x: tensor }, { steps });
}

await part('costs', async ({ quick, found, save }) => {
  const device = Device.cuda();
  found.device = device.info();
  found.chains = [];
  for (const kernels of quick ? [1, 4] : [1, 8, 32, 128]) {
    for (const floats of quick ? [1] : [1, 1024, 2 ** 20]) {
      const steps = quick ? 4 : 2000;
      const run = await chain(device, kernels, floats);
      const [firstMilliseconds] = await times(1, () => run(1));
      await run(steps);
      const milliseconds = median(await times(quick ? 1 : 5, () => run(steps)));
      const microseconds = (1000 * milliseconds) / steps;
      found.chains.push({
        operations: 2 * kernels,
        floats,
        steps,
        microsecondsOfStep: microseconds,
        firstMilliseconds,
      });
      await save();
    }
  }
  const run = await chain(device, 1, 1);
  found.callMicroseconds = 1000 * median(await times(quick ? 3 : 2000, () => run(1)));
  found.copies = [];
  for (const kilobytes of quick ? [4, 128] : [4, 64, 256, 4096, 65536]) {
    const floats = 256 * kilobytes;
    const x = g.input('x', [floats]);
    const program = device.load(compile({ outputs: {}, updates: [[x, g.neg(x)]] }));
    const tensor = Tensor.zeros([floats]);
    await program.run({ x: tensor });
    const milliseconds = median(await times(quick ? 1 : 30, () => program.run({ x: tensor })));
    found.copies.push({ kilobytes, milliseconds, gigabytesPerSecond: (2 * 4 * floats) / milliseconds / 1e6 });
    await save();
  }
  device.dispose();
});
