import { Command, Option as Flag } from 'commander';
import { formatQuantity } from '../compile/index.js';
import { type FoundDevice, findDevices } from '../engine/index.js';
import { printable } from '../printable.js';
import { wrapText } from './output.js';
import { print, printJson, style } from './print.js';

interface Flags {
  readonly json?: true;
}

const examples = `
Libraries of NVIDIA's are looked for in the folders of the environment variable
BILEVEL_CUDA_PATH first, with colons between them.

Examples:
  $ bilevel devices
  $ bilevel devices --json`;

export function devicesCommand(): Command {
  return new Command('devices')
    .description(
      'Lists the devices of this machine with their memory and libraries, and what those lack that cannot be used.',
    )
    .addOption(new Flag('--json', 'Prints JSON'))
    .addHelpText('after', examples)
    .action(run);
}

function run({ json }: Flags): void {
  const devices = findDevices();
  if (json) printJson({ devices }, 2);
  else print(devices.map(describeDevice).join('\n\n'));
}

function describeDevice(device: FoundDevice): string {
  const { kind, index, name, memory, threads, computeCapability, precisions, libraries, reason } = device;
  const facts = [
    ...(memory === undefined ? [] : [formatQuantity(memory, 'B')]),
    ...(threads === undefined ? [] : [`${threads} threads`]),
    ...(computeCapability === undefined ? [] : [`compute capability ${computeCapability}`]),
    ...(precisions.length === 0 ? [] : [precisions.join(' ')]),
  ];
  const label = kind === 'cuda' && name !== undefined ? `cuda:${index}` : kind;
  return [
    `${style('bold', label.padEnd(8))}${printable(name ?? 'no device')}`,
    ...(facts.length > 0 ? [`        ${facts.join(', ')}`] : []),
    ...libraries.map((each) => wrapText(printable([each.name, each.version, each.path].filter(Boolean).join(' ')), 8)),
    ...(reason === undefined ? [] : [wrapText(printable(reason), 8)]),
  ].join('\n');
}
