// Whether a GPU computes what the processor does: programs of every kind, each twice; and whether devices come and go.
import { compile } from '../../../dist/lib/compile/index.js';
import { Device, findDevices } from '../../../dist/lib/engine/index.js';
import { isOp } from '../../../dist/lib/graph/index.js';
import { Tensor } from '../../../dist/lib/tensor.js';
import { programCases } from '../../../dist/test/support/engine/programs.js';
import { randomProgram } from '../../../dist/test/support/engine/random-programs.js';
import { part } from './part.mjs';

const steps = 3;
/** Of the 2-norm, where sums are added in another order. */
const tolerance = 1e-5;

async function run(device, encoded, inputs) {
  const tensors = Object.fromEntries(
    encoded.bindings.map(({ name, dtype, shape, perStep }) => [
      name,
      Tensor.zeros(perStep ? [steps, ...shape] : shape, dtype),
    ]),
  );
  for (const [node, data] of inputs) {
    if (!isOp(node, 'input') || tensors[node.attributes.name] === undefined) continue;
    const { shape, dtype } = tensors[node.attributes.name];
    tensors[node.attributes.name] = Tensor.from(data, shape, dtype);
  }
  const program = device.load(encoded);
  await program.run(tensors, { steps });
  program.dispose();
  return Object.values(tensors).map((tensor) => tensor.toArray());
}

function distance(a, b) {
  const norm = (values) => Math.hypot(...values);
  return Math.max(...a.map((values, i) => norm(values.map((x, j) => x - b[i][j])) / (norm(b[i]) || 1)));
}

await part('results', async ({ quick, found, save }) => {
  found.devices = findDevices();
  const gpu = Device.cuda();
  found.device = gpu.info();
  const cpu = Device.cpu({ threads: 1 });
  const random = Array.from({ length: quick ? 2 : 100 }, (_, seed) => randomProgram(seed));
  const cases = [...programCases().filter((_, i) => !quick || i % 8 === 0), ...random];
  Object.assign(found, { programs: 0, sameBits: 0, largestDistance: 0, wrong: [], unrepeated: [] });
  for (const { name, spec, inputs } of cases) {
    const encoded = compile(spec);
    const [expected, first, second] = [
      await run(cpu, encoded, inputs),
      await run(gpu, encoded, inputs),
      await run(gpu, encoded, inputs),
    ];
    const far = distance(first, expected);
    found.programs++;
    found.largestDistance = Math.max(found.largestDistance, far);
    if (JSON.stringify(first) === JSON.stringify(expected)) found.sameBits++;
    // A distance that is no number is too large as well.
    if (!(far <= tolerance)) found.wrong.push({ name, distance: far });
    if (JSON.stringify(first) !== JSON.stringify(second)) found.unrepeated.push(name);
    await save();
  }
  for (const device of [gpu, cpu]) device.dispose();
  found.devicesMade = 0;
  for (; found.devicesMade < (quick ? 5 : 200); found.devicesMade++) Device.cuda().dispose();
  if (found.wrong.length + found.unrepeated.length > 0) throw new Error('the device computes something else');
});
