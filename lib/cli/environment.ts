import { cpus } from 'node:os';
import type { Device } from '../engine/index.js';

/** Machine and versions, for reports. */
export function environmentOf(device: Device): Readonly<Record<string, string>> {
  const { kind, threads, precision, library, instructionSet } = device.info();
  return {
    machine: cpus()[0]?.model ?? 'unknown',
    device: `${kind}, ${threads} threads, ${instructionSet}, ${precision}`,
    library,
    node: process.version,
  };
}
