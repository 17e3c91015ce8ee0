import { type Command, Option as Flag } from 'commander';
import { Device, type Precision, precisions } from '../engine/index.js';
import { parsePositive } from './flags.js';

const devices = ['cpu', 'cuda', 'auto'] as const;

/** What {@link deviceFlag} and the flags of {@link addDeviceFlags} give. */
export interface DeviceFlags {
  readonly device?: (typeof devices)[number] | undefined;
  readonly threads?: number | undefined;
  readonly precision?: Precision;
}

/** The flag that says what computes. */
export function deviceFlag(): Flag {
  return new Flag('--device <kind>', 'What computes: auto is a GPU where one can be used')
    .choices(devices)
    .default('cpu');
}

/** Adds the flags that say what computes, and how. @param threads unless others are asked for; all cores by default */
export function addDeviceFlags(command: Command, threads?: number): Command {
  const usual = threads === undefined ? 'all cores' : String(threads);
  return command
    .addOption(deviceFlag())
    .addOption(new Flag('--threads <integer>', `Threads of the engine (default: ${usual})`).argParser(parsePositive))
    .addOption(
      new Flag(
        '--precision <name>',
        'Rounds the operands of large products and convolutions; bf16 is faster on some processors',
      )
        .choices(precisions)
        .default('float32'),
    );
}

/** @throws DEVICE_UNAVAILABLE; INVALID_ARGUMENT for a precision that the device does not have */
export function deviceOf({ device = 'cpu', threads, precision = 'float32' }: DeviceFlags): Device {
  // Given at run time, to Device.cuda() to be refused.
  if (device === 'cuda') return Device.cuda({ precision: precision as 'float32' });
  return Device[device]({ ...(threads === undefined ? {} : { threads }), precision });
}
