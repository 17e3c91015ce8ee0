// JavaScript writes an index again and again while runs use it: a run sees it inside its table or refuses it.
import { BilevelError } from '../../../lib/errors.js';
import { Tensor } from '../../../lib/tensor.js';
import { testDevice } from '../../support/devices.js';
import { ProgramEncoder } from '../../support/engine/program-encoder.js';

const count = 200_000;
const encoder = new ProgramEncoder();
const table = encoder.binding('table', [4], 'read');
const index = encoder.binding('indices', [count], 'read', 'int32');
const y = encoder.binding('y', [count], 'write');
const program = testDevice({}).load(encoder.body('gather', 1, 4, 1, count, table, index, y).encode());
const indices = Tensor.zeros([count], 'int32');
const tensors = { table: Tensor.from([7, 7, 7, 7]), indices, y: Tensor.zeros([count]) };

const seen = { completed: 0, refused: 0 };
// Milliseconds until the index leaves the table. It follows the runs, so that some end before and some after it.
let wait = 0.3;
for (let round = 0; round < 300; round++) {
  const run = program.run(tensors, { steps: 3 }).then(
    () => {
      seen.completed++;
      wait *= 0.8;
    },
    (error) => {
      if (!(error instanceof BilevelError && error.code === 'INDEX_OUT_OF_RANGE')) throw error;
      seen.refused++;
      wait *= 1.25;
    },
  );
  const until = performance.now() + wait;
  while (performance.now() < until) indices.data[count - 1] = 0;
  indices.data[count - 1] = 0x7fffffff;
  await run;
  indices.data[count - 1] = 0;
}
console.log(`both: ${seen.completed > 0 && seen.refused > 0}`);
