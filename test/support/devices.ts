import { type CpuOptions, Device } from '../../lib/engine/index.js';
import { remoteDevice } from './engine/remote-device.js';

/**
 * The device that tests run on, where they do not ask for a certain one: that of the environment variable
 * BILEVEL_TEST_DEVICE, `cpu` for all cores, `cpu:THREADS`, `remote` for one thread and a memory apart, or `cuda`;
 * without it a CPU device with these options.
 */
export function testDevice(options: CpuOptions = { threads: 1 }): Device {
  const named = process.env.BILEVEL_TEST_DEVICE;
  return named ? deviceNamed(named) : Device.cpu(options);
}

/** The devices that every kernel is tested on: a CPU with one thread and with two, or that of the environment. */
export function testDevices(): Device[] {
  const named = process.env.BILEVEL_TEST_DEVICE;
  return named ? [deviceNamed(named)] : [1, 2].map((threads) => Device.cpu({ threads }));
}

/**
 * Whether its driver is the one that stands in for NVIDIA's, where a step takes a hundred times as long as elsewhere.
 */
export function isEmulated(device: Device): boolean {
  return device.info().name?.includes('fake GPU') ?? false;
}

/** @throws when the name is none of a device */
export function deviceNamed(name: string): Device {
  if (name === 'remote') return remoteDevice();
  if (name === 'cuda') return Device.cuda();
  const [, threads] = /^cpu(?::(\d+))?$/.exec(name) ?? fail(name);
  return Device.cpu(threads === undefined ? {} : { threads: Number(threads) });
}

function fail(name: string): never {
  throw new Error(
    `BILEVEL_TEST_DEVICE: expected cpu, cpu:THREADS, remote or cuda but received ${JSON.stringify(name)}.`,
  );
}
