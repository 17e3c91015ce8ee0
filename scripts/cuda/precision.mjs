// What rounding the operands of products and convolutions does to a step of the penalty method: each quantity that
// `bilevel check` looks at, in every precision of a CUDA device, beside the same in float64.
//   node scripts/cuda/precision.mjs [--write] [--batch N]
// --write: also into docs/cuda.md. --batch: training and validation samples of a step, 8 by default: over the fake
// driver, which BILEVEL_CUDA_PATH names, a step takes a thousand times as long as on a GPU. `npx tsc` comes first.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { precisions } from '../../dist/lib/engine/index.js';
import { publish, table } from '../pages.mjs';

const { values } = parseArgs({ options: { write: { type: 'boolean' }, batch: { type: 'string', default: '8' } } });
const networks = ['lenet', 'mnist-cnn'];
const quantities = {
  logits: 'output',
  grad_v_g: 'grad_v g',
  hvp_v: 'grad_vv g q',
  penalty_grad_v: "the step's gradient",
  penalty_grad_u: 'hypergradient',
};
const path = (name) => fileURLToPath(new URL(`../../${name}`, import.meta.url));

async function errorsOf(network, precision) {
  const flags = ['--device', 'cuda', '--precision', precision, '--batch', values.batch, '--json'];
  const checked = promisify(execFile)(process.execPath, [
    path('dist/lib/cli/main.js'),
    'check',
    path(`models/${network}.onnx`),
    ...flags,
  ]);
  // Where an error is above what float32 should have the command's status is 1, which is what is to be seen here.
  const { stdout } = await checked.catch((error) => error);
  const { comparisons, error } = JSON.parse(stdout);
  if (error !== undefined) throw new Error(error.message);
  return Object.keys(quantities).map((name) => comparisons.float64[name].toExponential(1));
}

const rows = [];
for (const network of networks) {
  for (const precision of precisions) {
    rows.push([network, precision, ...(await errorsOf(network, precision))]);
    console.error(rows.at(-1).join(' '));
  }
}
const text = table(['network', 'precision', ...Object.values(quantities)], rows);
console.log(text);
if (values.write) await publish(new URL('../../docs/cuda.md', import.meta.url), 'precision', text);
