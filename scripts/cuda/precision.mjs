// What rounding the operands of products and convolutions does to a step of the penalty method: each quantity that
// `bilevel check` looks at, in every precision of a CUDA device, beside the same in float64.
//   node scripts/cuda/precision.mjs [--write] [--networks LIST]
// --write: also into docs/cuda.md. `npx tsc` comes first. Over the fake driver, which BILEVEL_CUDA_PATH names, it takes
// some ten minutes.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { precisions } from '../../dist/lib/engine/index.js';
import { publish, table } from '../pages.mjs';

// With training and validation samples of a step: as few as have all large products computed by tiles.
const batches = { lenet: 32, 'mnist-cnn': 8 };

const { values } = parseArgs({
  options: { write: { type: 'boolean' }, networks: { type: 'string', default: Object.keys(batches).join(',') } },
});
const quantities = {
  logits: 'output',
  grad_v_g: 'grad_v g',
  hvp_v: 'grad_vv g q',
  penalty_grad_v: "the step's gradient",
  penalty_grad_u: 'hypergradient',
};
const path = (name) => fileURLToPath(new URL(`../../${name}`, import.meta.url));

async function errorsOf(network, precision) {
  const flags = ['--device', 'cuda', '--precision', precision, '--batch', String(batches[network]), '--json'];
  const checked = promisify(execFile)(process.execPath, [
    path('dist/lib/cli/main.js'),
    'check',
    path(`models/${network}.onnx`),
    ...flags,
  ]);
  // Where an error is above what float32 should have the command's status is 1, which is what is to be seen here.
  const { stdout } = await checked.catch((error) => error);
  const { comparisons, error } = JSON.parse(stdout || '{"error": {"message": "the command printed nothing"}}');
  if (error !== undefined) throw new Error(error.message);
  return Object.keys(quantities).map((name) => comparisons.float64[name].toExponential(1));
}

const rows = [];
for (const network of values.networks.split(',')) {
  for (const precision of precisions) {
    rows.push([`${network}, ${batches[network]} samples`, precision, ...(await errorsOf(network, precision))]);
    console.error(rows.at(-1).join(' '));
  }
}
const text = table(['network', 'precision', ...Object.values(quantities)], rows);
console.log(text);
if (values.write) await publish(new URL('../../docs/cuda.md', import.meta.url), 'precision', text);
