import { Command, Option as Flag } from 'commander';
import { findModel } from '../network/models.js';
import { type Exporter, exportLines, type ModelWarning, Network, type WarningCode } from '../onnx/index.js';
import { printUnsupported, unsupportedIn } from './operators.js';
import { wrapText } from './output.js';
import { print, printJson, style } from './print.js';

interface Flags {
  readonly json?: true;
}

/** What a file has lost for good; what else there is to know about it is said, but is no loss. */
const losses: ReadonlySet<WarningCode> = new Set([
  'NO_PARAMETERS',
  'FOLDED_BATCH_NORM',
  'MERGED_PARAMETERS',
  'SEPARATED_PARAMETERS',
  'FOLDED_PARAMETERS',
  'LOST_NAMES',
  'ASSUMED_CONSTANTS',
]);

/** Notes that another export does away with. */
const choices: ReadonlySet<WarningCode> = new Set(['FIXED_BATCH', 'CONVERTED_PRECISION']);

const writers: Readonly<Record<Exporter, string>> = {
  dynamo: "PyTorch's default exporter",
  torchscript: "PyTorch's older exporter",
  tf2onnx: 'tf2onnx, the converter of Keras and TensorFlow',
  skl2onnx: 'skl2onnx, the converter of scikit-learn',
  other: 'a program that is not known, or does not say what it is',
};

const everything = 'This exports everything; module and x are yours:';
const introductions: Readonly<Record<Exporter, string>> = {
  dynamo: everything,
  torchscript: everything,
  tf2onnx: 'This exports everything of a model that Keras has saved; x is yours:',
  skl2onnx:
    'This exports tensors, which probabilities of ZipMap are not; model and X are yours. Of a classifier the label comes first:\n' +
    "load it with { outputs: ['probabilities'] }, which leaves out what the label alone needs. Linear models, scalers and networks\n" +
    'of dense layers can be trained; trees, neighbours and kernels of ai.onnx.ml cannot.',
  other: 'Of a module of PyTorch, this exports everything; module and x are yours:',
};

const examples = `
Examples:
  $ bilevel doctor model.onnx
  $ bilevel doctor model.onnx --json`;

export function doctorCommand(): Command {
  return new Command('doctor')
    .description(
      'Tells what the export of a model lost for training, and the lines of Python that export it with everything. Exit status 1 when something was lost, or the model cannot be loaded.',
    )
    .argument('<model>', 'ONNX file, or the name of a network of the package')
    .addOption(new Flag('--json', 'Prints JSON'))
    .addHelpText('after', examples)
    .action(run);
}

async function run(model: string, { json }: Flags): Promise<void> {
  const path = findModel(model);
  const network = await Network.load(path).catch((error: unknown) => {
    if (!json) {
      printUnsupported(model, error);
      if (unsupportedIn(error)?.details.exporter === 'skl2onnx')
        print(`${renderLines('skl2onnx', exportLines('skl2onnx', [], path))}\n`);
    }
    throw error;
  });
  const { opset, exporter, inputs, warnings } = network;
  const lost = warnings.filter(({ code }) => losses.has(code));
  const notes = warnings.filter(({ code }) => !losses.has(code));
  const isWanted = lost.length > 0 || notes.some(({ code }) => choices.has(code));
  const lines = isWanted ? exportLines(exporter, inputs, path) : [];
  if (lost.length > 0) process.exitCode = 1;
  if (json) return printJson({ model, opset, exporter, lost, notes, export: lines }, 2);
  const title = `${style('bold', model)}  opset ${opset}, written by ${writers[exporter]}`;
  const verdict = lost.length > 0 ? [] : ['Nothing that training needs was lost.'];
  print([title, ...renderAll('lost', 'red', lost), ...renderAll('note', 'yellow', notes), ...verdict].join('\n\n'));
  if (isWanted) print(renderLines(exporter, lines));
}

function renderAll(title: string, colour: 'red' | 'yellow', warnings: readonly ModelWarning[]): string[] {
  return warnings.map(({ code, message }) => `${style(colour, title)} ${code}\n${wrapText(message, 2)}`);
}

function renderLines(exporter: Exporter, lines: readonly string[]): string {
  return ['', introductions[exporter], '', ...lines.map((line) => `  ${line}`)].join('\n');
}
