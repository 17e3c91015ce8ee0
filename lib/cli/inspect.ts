import { Command, Option as Flag } from 'commander';
import { formatCost, formatQuantity, type ProgramCost } from '../compile/index.js';
import { Device } from '../engine/index.js';
import { Network } from '../onnx/index.js';
import { printable } from '../printable.js';
import { inspectStep } from '../tasks/inspection.js';
import { findModel } from '../tasks/models.js';
import { elementCount } from '../tensor.js';
import { parsePositive } from './flags.js';
import { formatTable } from './output.js';
import { print, printJson, style } from './print.js';

interface Flags {
  readonly batch: number;
  readonly instructions?: true;
  readonly json?: true;
}

const examples = `
Examples:
  $ bilevel inspect model.onnx
  $ bilevel inspect mnist-cnn --batch 200 --json`;

export function inspectCommand(): Command {
  return new Command('inspect')
    .description(
      'Shows what a model is made of, what its export lost for training, and what one penalty step on it costs.',
    )
    .argument('<model>', 'ONNX file, or the name of a network of the package')
    .addOption(
      new Flag('--batch <integer>', 'Training and validation samples of a step').argParser(parsePositive).default(200),
    )
    .addOption(new Flag('--instructions', 'Lists the instructions of a step of v'))
    .addOption(new Flag('--json', 'Prints JSON'))
    .addHelpText('after', examples)
    .action(run);
}

async function run(model: string, { batch, instructions, json }: Flags): Promise<void> {
  const network = await Network.load(findModel(model));
  using device = Device.cpu();
  const { lower, upper, compileSeconds } = inspectStep(network, batch, device);
  const parameters = [...network.parameters.values()].map(({ name, shape, trainable }) => ({ name, shape, trainable }));
  if (json) {
    const { opset, inputs, outputs, warnings } = network;
    const operators = Object.fromEntries(network.operators);
    const step = { batch, lower: totals(lower), upper: totals(upper), compileSeconds };
    printJson({ model, opset, inputs, outputs, operators, parameters, warnings, step }, 2);
    return;
  }
  const operators = [...network.operators].sort(([, a], [, b]) => b - a).map(([name, count]) => `${name} ×${count}`);
  const count = parameters.reduce((sum, { shape }) => sum + elementCount(shape), 0);
  const cost = (name: string, program: ProgramCost): string[] => {
    const { instructionCount, arenaBytes, bindingBytes, prologueFlops, stepFlops } = totals(program);
    const memory = [formatQuantity(arenaBytes, 'B'), formatQuantity(bindingBytes, 'B')];
    return [name, String(instructionCount), ...memory, formatQuantity(prologueFlops), formatQuantity(stepFlops)];
  };
  const lines = [
    `${style('bold', model)}  opset ${network.opset}`,
    printable(
      `Input      ${network.inputs.map(({ name, shape }) => `${name} [${shape?.map((size) => size ?? '?').join(', ') ?? ''}]`).join(', ')}`,
    ),
    `Operators  ${operators.join(', ')}`,
    ...network.warnings.map(({ message }) => `${style('yellow', 'warning')}    ${message}`),
    '',
    formatTable(
      [`Parameter (${formatQuantity(count)} numbers)`, 'shape', 'trainable'],
      parameters.map(({ name, shape, trainable }) => [name, shape.join(' × '), trainable ? 'yes' : 'no']),
    ),
    '',
    formatTable(
      [`Penalty step, batch ${batch} + ${batch}`, 'instructions', 'work memory', 'tensors', 'flop once', 'flop a step'],
      [cost('step of v', lower), cost('step of u', upper)],
    ),
    style('dim', `compiled in ${compileSeconds.toFixed(2)} s`),
  ];
  print(lines.join('\n'));
  if (instructions) print(`\n${formatCost(lower)}`);
}

function totals({
  instructions,
  ...rest
}: ProgramCost): Omit<ProgramCost, 'instructions'> & { readonly instructionCount: number } {
  return { instructionCount: instructions.length, ...rest };
}
