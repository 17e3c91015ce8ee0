import { type Command, Option as Flag } from 'commander';
import { type CpuOptions, Device, findDevices, type Precision, precisions, type Ranks } from '../engine/index.js';
import { invalidArgument } from '../errors.js';
import { parsePositive } from './flags.js';

const devices = ['cpu', 'cuda', 'auto'] as const;

/** What {@link deviceFlag} and the flags of {@link addDeviceFlags} give. */
export interface DeviceFlags {
  readonly device?: (typeof devices)[number] | undefined;
  readonly threads?: number | undefined;
  readonly precision?: Precision | undefined;
}

/** The flag that says what computes. */
export function deviceFlag(): Flag {
  return new Flag('--device <kind>', 'What computes: auto is a GPU where one can be used')
    .choices(devices)
    .default('cpu');
}

/** The flag that says to what it rounds. */
export function precisionFlag(): Flag {
  return new Flag(
    '--precision <name>',
    'Rounds the operands of large products and convolutions; bf16 is faster on some processors, tf32 is for GPUs',
  )
    .choices(precisions)
    .default('float32');
}

/** Adds the flags that say what computes, and how. @param threads unless others are asked for; all cores by default */
export function addDeviceFlags(command: Command, threads?: number): Command {
  const usual = threads === undefined ? 'all cores' : String(threads);
  return command
    .addOption(deviceFlag())
    .addOption(new Flag('--threads <integer>', `Threads of the engine (default: ${usual})`).argParser(parsePositive))
    .addOption(precisionFlag());
}

/**
 * @param ranks what it computes together with
 * @throws DEVICE_UNAVAILABLE; INVALID_ARGUMENT for a precision that the device does not have, and for one that cannot
 *   compute together with others
 */
export function deviceOf({ device = 'cpu', threads, precision = 'float32' }: DeviceFlags, ranks?: Ranks): Device {
  if (ranks !== undefined && device === 'auto')
    throw invalidArgument('--device', 'cpu or cuda where several processes compute together', device);
  const options = { ...(threads === undefined ? {} : { threads }), precision, ...(ranks && { ranks }) };
  if (device === 'cuda') return ranks === undefined ? Device.cuda({ precision }) : ownGpu(precision, ranks);
  // Given at run time, to Device.cpu() to be refused.
  return device === 'auto' ? Device.auto(options) : Device.cpu(options as CpuOptions);
}

/** The ranks of a host take its devices in turn. */
function ownGpu(precision: Precision, ranks: Ranks): Device {
  const found = findDevices().filter(({ kind }) => kind === 'cuda').length;
  return Device.cuda({ precision, ranks, index: ranks.localRank % Math.max(1, found) });
}
