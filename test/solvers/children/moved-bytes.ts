// What iterations move between the host and a CUDA device, and what they compute: on one that computes in memory of
// its own, and on one to which every run takes all that it is bound to. The fake driver writes the bytes of each copy
// to the file that is named.
import { existsSync, readFileSync } from 'node:fs';
import { loadAddon } from '../../../lib/engine/addon.js';
import { Device } from '../../../lib/engine/index.js';
import { penalty } from '../../../lib/solvers/index.js';
import { contents, reports } from '../../support/solvers/runs.js';
import { smallProblem } from '../../support/solvers/small-problem.js';

const [log = ''] = process.argv.slice(2);
const copied = (): number =>
  existsSync(log)
    ? readFileSync(log, 'utf8')
        .split('\n')
        .reduce((sum, line) => sum + Number(line), 0)
    : 0;

async function iterate(device: Device) {
  using solver = penalty(smallProblem({ samples: 2000, batch: 8 }), { lowerSteps: 3 }, { device });
  const state = solver.init();
  const made = await reports(solver, state, 2);
  const before = copied();
  made.push(...(await reports(solver, state, 1)));
  const moved = copied() - before;
  const stateBytes = Object.values(state.tensors).reduce((sum, { data }) => sum + data.byteLength, 0);
  device.dispose();
  return { moved, stateBytes, made, contents: contents(solver, state) };
}

const { Device: Native } = loadAddon();
const own = await iterate(Device.cuda());
const bound = await iterate(new Device(new Native({ kind: 'cuda', index: 0, precision: 'float32' })));
console.log(JSON.stringify({ own, bound }));
