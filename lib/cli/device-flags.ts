import { type Command, Option as Flag } from 'commander';
import { Device, type Precision, precisions } from '../engine/index.js';
import { parsePositive } from './flags.js';

/** What the flags of {@link addDeviceFlags} give. */
export interface DeviceFlags {
  readonly threads?: number | undefined;
  readonly precision?: Precision;
}

/** Adds the flags that say what computes. @param threads unless others are asked for; all cores by default */
export function addDeviceFlags(command: Command, threads?: number): Command {
  const usual = threads === undefined ? 'all cores' : String(threads);
  return command
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

/** @throws DEVICE_UNAVAILABLE */
export function deviceOf({ threads, precision }: DeviceFlags): Device {
  return Device.cpu({
    ...(threads === undefined ? {} : { threads }),
    ...(precision === undefined ? {} : { precision }),
  });
}
