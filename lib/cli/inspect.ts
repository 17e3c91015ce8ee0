import { Command, Option as Flag } from 'commander';
import { inspectStep, type NoStep, type StepCost } from '../checking/inspection.js';
import { formatCost, formatQuantity, type ProgramCost } from '../compile/index.js';
import { findModel } from '../network/models.js';
import { Network, type NetworkTensor } from '../onnx/index.js';
import { printable } from '../printable.js';
import { elementCount, formatType } from '../tensor.js';
import { type DeviceFlags, deviceFlag, deviceOf, precisionFlag } from './device-flags.js';
import { parsePositive, parseSizes } from './flags.js';
import { printUnsupported, renderOperators } from './operators.js';
import { errorJson, formatTable } from './output.js';
import { print, printJson, style } from './print.js';

interface Flags extends Pick<DeviceFlags, 'device' | 'precision'> {
  readonly output?: string;
  readonly batch?: number;
  readonly size?: Readonly<Record<string, number>>;
  readonly instructions?: true;
  readonly json?: true;
}

/** Samples of a step where neither the file nor the caller says. */
const usualBatch = 200;

const examples = `
Examples:
  $ bilevel inspect model.onnx
  $ bilevel inspect model.onnx --output value --size length=16
  $ bilevel inspect mnist-cnn --batch 200 --json`;

export function inspectCommand(): Command {
  return new Command('inspect')
    .description(
      'Shows what a model is made of, what its export lost for training, and what one penalty step on it costs.',
    )
    .argument('<model>', 'ONNX file, or the name of a network of the package')
    .addOption(new Flag('--output <name>', 'Output to look at; the first of the file by default'))
    .addOption(
      new Flag(
        '--batch <integer>',
        `Training and validation samples of a step, by default those that the file fixes or ${usualBatch}`,
      ).argParser(parsePositive),
    )
    .addOption(
      new Flag('--size <name=integer,...>', 'Sizes that the file leaves open, such as length=16,height=32').argParser(
        parseSizes,
      ),
    )
    .addOption(new Flag('--instructions', 'Lists the instructions of a step of v'))
    .addOption(deviceFlag())
    .addOption(precisionFlag())
    .addOption(new Flag('--json', 'Prints JSON'))
    .addHelpText('after', examples)
    .action(run);
}

async function run(
  model: string,
  { device: kind, precision, output, batch, size, instructions, json }: Flags,
): Promise<void> {
  const network = await load(model, output).catch((error: unknown) => {
    if (!json) printUnsupported(model, error);
    throw error;
  });
  using device = deviceOf({ device: kind, precision });
  let step: StepCost | NoStep;
  try {
    step = inspectStep(network, { batch, usualBatch, sizes: size }, device);
  } catch (error) {
    // What a file holds is worth seeing all the more where it cannot be applied.
    if (json) {
      printJson({ model, ...describeNetwork(network), ...errorJson(error) }, 2);
      process.exitCode = 1;
      return;
    }
    print(`${renderNetwork(model, network)}\n`);
    throw error;
  }
  if (json) printJson({ model, ...describeNetwork(network), step: describeStep(step) }, 2);
  else print([renderNetwork(model, network), '', ...renderStep(step, instructions ?? false)].join('\n'));
}

function load(model: string, output: string | undefined): Promise<Network> {
  return Network.load(findModel(model), output === undefined ? {} : { outputs: [output] });
}

function describeNetwork(network: Network): object {
  const { opset, inputs, outputs, otherOutputs, warnings } = network;
  const operators = Object.fromEntries(network.operators);
  const parameters = [...network.parameters.values()].map(({ name, shape, trainable }) => ({ name, shape, trainable }));
  const untrained = (tensors: ReadonlyMap<string, NetworkTensor>): object[] =>
    [...tensors.values()].map(({ name, shape, kind }) => ({ name, shape, kind }));
  const [state, constants] = [untrained(network.state), untrained(network.constants)];
  return { opset, inputs, outputs, otherOutputs, operators, parameters, state, constants, warnings };
}

function describeStep(step: StepCost | NoStep): object {
  if ('reason' in step) return step;
  const { sizes, loss, lower, upper, compileSeconds } = step;
  const [inputs, outputs] = [Object.fromEntries(sizes.inputs), Object.fromEntries(sizes.outputs)];
  return { batch: sizes.batch, inputs, outputs, loss, lower: totals(lower), upper: totals(upper), compileSeconds };
}

function renderNetwork(model: string, network: Network): string {
  const parameters = [...network.parameters.values()];
  const count = parameters.reduce((sum, { shape }) => sum + elementCount(shape), 0);
  const inputs = network.inputs.map(
    ({ name, dtype, shape }) => `${name} ${dtype}[${shape?.map((each) => each ?? '?').join(', ') ?? '...'}]`,
  );
  const others = network.otherOutputs.length === 0 ? '' : `  (not computed: ${network.otherOutputs.join(', ')})`;
  const table = formatTable(
    [`Parameter (${formatQuantity(count)} numbers)`, 'shape', 'trainable'],
    parameters.map(({ name, shape, trainable }) => [name, shape.join(' × '), trainable ? 'yes' : 'no']),
  );
  return [
    `${style('bold', model)}  opset ${network.opset}`,
    printable(`Input      ${inputs.join(', ')}`),
    printable(`Output     ${network.outputs.join(', ')}${others}`),
    renderOperators(network.operators),
    ...renderUntrained(network),
    ...network.warnings.map(({ message }) => `${style('yellow', 'warning')}    ${message}`),
    ...(parameters.length > 0 ? ['', table] : []),
  ].join('\n');
}

/** Float tensors besides the parameters, which training does not change by gradients. */
function renderUntrained({ state, constants }: Network): string[] {
  const buffers = [...constants.values()].filter(({ kind }) => kind === 'buffer');
  const named = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
  const counts = [
    ...(state.size > 0 ? [named(state.size, 'running statistic')] : []),
    ...(buffers.length > 0 ? [named(buffers.length, 'buffer')] : []),
    ...(constants.size > buffers.length ? [named(constants.size - buffers.length, 'constant')] : []),
  ];
  return counts.length === 0 ? [] : [`Untrained  ${counts.join(', ')}`];
}

function renderStep(step: StepCost | NoStep, instructions: boolean): string[] {
  if ('reason' in step) return [step.reason];
  const { sizes, loss, lower, upper, compileSeconds } = step;
  const cost = (name: string, program: ProgramCost): string[] => {
    const { instructionCount, arenaBytes, bindingBytes, prologueFlops, stepFlops } = totals(program);
    const memory = [formatQuantity(arenaBytes, 'B'), formatQuantity(bindingBytes, 'B')];
    return [name, String(instructionCount), ...memory, formatQuantity(prologueFlops), formatQuantity(stepFlops)];
  };
  const { batch } = sizes;
  const outputs = [...sizes.outputs].map(([name, type]) => printable(`${name} ${formatType(type)}`));
  return [
    formatTable(
      [`Penalty step, batch ${batch} + ${batch}`, 'instructions', 'work memory', 'tensors', 'flop once', 'flop a step'],
      [cost('step of v', lower), cost('step of u', upper)],
    ),
    style('dim', `loss ${loss} of ${outputs.join(', ')}; compiled in ${compileSeconds.toFixed(2)} s`),
    ...(instructions ? ['', formatCost(lower)] : []),
  ];
}

function totals({
  instructions,
  ...rest
}: ProgramCost): Omit<ProgramCost, 'instructions'> & { readonly instructionCount: number } {
  return { instructionCount: instructions.length, ...rest };
}
