import { Command, Option as Flag } from 'commander';
import {
  type CheckProgress,
  type CheckResult,
  checkNetwork,
  checkQuantities,
  type Errors,
  isRandom,
  type OutputOracle,
  type QuantityName,
  randomPoint,
  referencePoint,
  toleranceOf,
  withinTolerance,
} from '../checking/index.js';
import { BilevelError } from '../errors.js';
import { type Loss, losses } from '../network/costs.js';
import { findModel } from '../network/models.js';
import { Network } from '../onnx/index.js';
import { type DeviceFlags, deviceFlag, deviceOf, precisionFlag } from './device-flags.js';
import { parsePositive, parseSizes } from './flags.js';
import { onnxRuntimeOutput } from './onnx-runtime.js';
import { formatTable } from './output.js';
import { print, printJson, style } from './print.js';
import { Progress } from './progress.js';

interface Flags extends Pick<DeviceFlags, 'device' | 'precision'> {
  readonly reference?: string;
  readonly output?: string;
  readonly loss?: Loss;
  readonly batch?: number;
  readonly size?: Readonly<Record<string, number>>;
  readonly json?: true;
}

/** Samples of each batch where neither the file nor the caller says. */
const usualBatch = 4;

/** A check that takes no longer says nothing on the way. */
const quietMs = 3000;

const examples = `
Every quantity is one of a pair of costs by importance u and parameters v, with q = gamma grad_v g + nu:
  f               mean loss of the validation batch
  g               mean loss of the training batch, each sample by its importance
  grad_*          first derivatives
  hvp_v, hvp_u    grad_vv g q, grad_uv g q
  penalty_grad_*  gradient of f + <nu, grad_v g> + gamma/2 |grad_v g|^2 + lambda g

Examples:
  $ bilevel check model.onnx
  $ bilevel check model.onnx --output value --size length=16
  $ bilevel check model.onnx --reference reference.safetensors --json`;

export function checkCommand(): Command {
  return new Command('check')
    .description(
      'Checks a network: an output against ONNX Runtime, first and second derivatives against central differences in ' +
        'float64, and everything against a reference file. Exit status 1 when an error is above its tolerance.',
    )
    .argument('<model>', 'ONNX file, or the name of a network of the package')
    .addOption(new Flag('--reference <file>', 'Safetensors file with a point and reference values'))
    .addOption(new Flag('--output <name>', 'Output to check; the first of the file by default'))
    .addOption(
      new Flag(
        '--loss <choice>',
        'Loss of an output: cross-entropy of logits, squared distance from random targets, or its own value, by default ' +
          'what suits its shape',
      ).choices(losses),
    )
    .addOption(
      new Flag(
        '--batch <integer>',
        `Samples of each batch when there is no reference, by default those that the file fixes or ${usualBatch}; the time ` +
          'taken grows with it',
      ).argParser(parsePositive),
    )
    .addOption(
      new Flag('--size <name=integer,...>', 'Sizes that the file leaves open, such as length=16,height=32').argParser(
        parseSizes,
      ),
    )
    .addOption(deviceFlag())
    .addOption(precisionFlag())
    .addOption(new Flag('--json', 'Prints JSON'))
    .addHelpText('after', examples)
    .action(run);
}

async function run(
  model: string,
  { device: kind, precision, reference, output, loss, batch, size, json }: Flags,
): Promise<void> {
  const path = findModel(model);
  const network = await Network.load(path, output === undefined ? {} : { outputs: [output] });
  const warnings = network.warnings.map(({ code, message }) => ({ code: String(code), message }));
  const point =
    reference === undefined
      ? randomPoint(network, { batch, usualBatch, sizes: size }, 0, loss)
      : await referencePoint(network, reference, loss);
  if (isRandom(checkQuantities(network, point.setting))) {
    const message =
      'The network draws random numbers (dropout in training form), so ONNX Runtime gives another output.';
    warnings.push({ code: 'RANDOM_LOGITS', message });
  }
  let runtime: OutputOracle | undefined;
  const oracle: OutputOracle = async (...given) => {
    try {
      runtime ??= await onnxRuntimeOutput(path);
      return await runtime(...given);
    } catch (error) {
      if (!(error instanceof BilevelError)) throw error;
      warnings.push({ code: 'NO_ONNX_RUNTIME', message: error.message });
      return undefined;
    }
  };

  using device = deviceOf({ device: kind, precision });
  const progress = new Progress(json ?? false);
  const started = performance.now();
  const onProgress: CheckProgress = (stage, done, total) => {
    if (performance.now() - started > quietMs) progress.update(stage, done, total);
  };
  const result = await checkNetwork(network, point, device, { oracle, onProgress });
  progress.stop();
  warnings.push(...result.notes);
  const ok = withinTolerance(result.errors);
  if (json) {
    const { errors, comparisons, lost, rounding, differences, reasons } = result;
    const tolerances = Object.fromEntries(namesOf(errors).map((name) => [name, toleranceOf(name)]));
    const checked = { output: point.setting.output, loss: point.setting.cost?.loss };
    const figures = { errors, comparisons, tolerances, lost, rounding, differences, reasons };
    printJson({ model, ...checked, ...figures, warnings, ok }, 2);
  } else {
    print(render(model, result, warnings, ok));
  }
  if (!ok) process.exitCode = 1;
}

function namesOf(errors: Errors): QuantityName[] {
  return Object.keys(errors) as QuantityName[];
}

function render(
  model: string,
  { errors, comparisons: { oracle, float64, reference }, lost, reasons }: CheckResult,
  warnings: readonly { readonly message: string }[],
  ok: boolean,
): string {
  const cell = (name: QuantityName, from: Errors): string => from[name]?.toExponential(1) ?? '';
  const verdict = (name: QuantityName): string => {
    if (lost.includes(name)) return 'lost in rounding';
    return withinTolerance({ [name]: errors[name] ?? 0 }) ? 'ok' : 'TOO LARGE';
  };
  const rows = [...namesOf(errors), ...lost].map((name) => [
    name,
    cell(name, oracle),
    cell(name, float64),
    cell(name, reference),
    toleranceOf(name).toExponential(0),
    verdict(name),
  ]);
  return [
    ...warnings.map(({ message }) => `${style('yellow', 'warning')} ${message}`),
    formatTable(['Relative error', 'ONNX Runtime', 'float64', 'reference', 'tolerance', ''], rows),
    '',
    ...Object.entries(reasons).map(([name, reason]) => `${name}: ${reason}`),
    ok
      ? style('green', `${model}: everything${lost.length > 0 ? ' that could be judged' : ''} agrees`)
      : style('red', `${model}: not everything agrees`),
  ].join('\n');
}
