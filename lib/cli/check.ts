import { Command, Option as Flag, InvalidArgumentError } from 'commander';
import { Device } from '../engine/index.js';
import { BilevelError } from '../errors.js';
import { Network } from '../onnx/index.js';
import {
  type CheckResult,
  checkNetwork,
  denoisingQuantities,
  type Errors,
  isRandom,
  type LogitsOracle,
  quantityNames,
  randomPoint,
  referencePoint,
  tolerances,
  withinTolerance,
} from '../tasks/checking/index.js';
import { findModel } from '../tasks/models.js';
import { parsePositive } from './flags.js';
import { onnxRuntimeLogits } from './onnx-runtime.js';
import { formatTable } from './output.js';
import { print, printJson, style } from './print.js';

interface Flags {
  readonly reference?: string;
  readonly batch: number;
  readonly json?: true;
}

const examples = `
Every quantity is one of the denoising pair with importance u, parameters v and q = gamma grad_v g + nu:
  f, g            costs                       grad_*           first derivatives
  hvp_v, hvp_u    grad_vv g q, grad_uv g q    penalty_grad_*   gradient of f + <nu, grad_v g> + gamma/2 |grad_v g|^2 + lambda g

Examples:
  $ bilevel check model.onnx
  $ bilevel check model.onnx --reference reference.safetensors --json`;

export function checkCommand(): Command {
  return new Command('check')
    .description(
      'Checks a network: its logits against ONNX Runtime, first and second derivatives against central differences in ' +
        'float64, and everything against a reference file. Exit status 1 when an error is above its tolerance.',
    )
    .argument('<model>', 'ONNX file, or the name of a network of the package')
    .addOption(new Flag('--reference <file>', 'Safetensors file with a point and reference values'))
    .addOption(
      new Flag('--batch <integer>', 'Samples of each batch when there is no reference; the time taken grows with it')
        .argParser(parseBatch)
        .default(4),
    )
    .addOption(new Flag('--json', 'Prints JSON'))
    .addHelpText('after', examples)
    .action(run);
}

/** With one sample its weight cancels in g: all derivatives by u would be 0, and their relative errors meaningless. */
function parseBatch(text: string): number {
  const batch = parsePositive(text);
  if (batch < 2) throw new InvalidArgumentError('Expected at least 2: with one sample its importance cancels.');
  return batch;
}

async function run(model: string, { reference, batch, json }: Flags): Promise<void> {
  const path = findModel(model);
  const network = await Network.load(path);
  const warnings = network.warnings.map(({ code, message }) => ({ code: String(code), message }));
  const point = reference === undefined ? randomPoint(network, batch, 0) : await referencePoint(network, reference);
  let oracle: LogitsOracle | undefined;
  try {
    oracle = await onnxRuntimeLogits(path);
  } catch (error) {
    if (!(error instanceof BilevelError)) throw error;
    warnings.push({ code: 'NO_ONNX_RUNTIME', message: error.message });
  }
  if (oracle && isRandom(denoisingQuantities(network, point.batch))) {
    const message = 'The network draws random numbers (dropout in training form), so ONNX Runtime gives other logits.';
    warnings.push({ code: 'RANDOM_LOGITS', message });
  }
  using device = Device.cpu();
  const result = await checkNetwork(network, point, device, oracle);
  const ok = withinTolerance(result.errors);
  if (json) {
    const { errors, comparisons } = result;
    printJson({ model, errors, comparisons, tolerances, warnings, ok }, 2);
  } else {
    print(render(model, result, warnings, ok));
  }
  if (!ok) process.exitCode = 1;
}

function render(
  model: string,
  { errors, comparisons: { oracle, float64, reference } }: CheckResult,
  warnings: readonly { readonly message: string }[],
  ok: boolean,
): string {
  const cell = (name: (typeof quantityNames)[number], from: Errors): string => from[name]?.toExponential(1) ?? '';
  const rows = quantityNames.map((name) => [
    name,
    cell(name, oracle),
    cell(name, float64),
    cell(name, reference),
    tolerances[name].toExponential(0),
    withinTolerance({ [name]: errors[name] ?? 0 }) ? 'ok' : 'TOO LARGE',
  ]);
  return [
    ...warnings.map(({ message }) => `${style('yellow', 'warning')} ${message}`),
    formatTable(['Relative error', 'ONNX Runtime', 'float64', 'reference', 'tolerance', ''], rows),
    '',
    ok ? style('green', `${model}: everything agrees`) : style('red', `${model}: not everything agrees`),
  ].join('\n');
}
