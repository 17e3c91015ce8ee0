import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { invalidArgument } from '../errors.js';
import { packageRoot } from '../package-root.js';

/** The folder of the networks that come with the package. */
function modelsFolder(): string {
  return join(packageRoot(), 'models');
}

/** Names of the networks that come with the package. */
export function modelNames(): string[] {
  const manifest: { name: string }[] = JSON.parse(readFileSync(join(modelsFolder(), 'manifest.json'), 'utf8'));
  return manifest.map(({ name }) => name);
}

/**
 * The file of a network: one of the package's own by name, else a path to an ONNX file.
 * @throws INVALID_ARGUMENT when it is neither
 */
export function findModel(network: string): string {
  if (modelNames().includes(network)) return join(modelsFolder(), `${network}.onnx`);
  if (!network.endsWith('.onnx')) {
    throw invalidArgument('network', `${modelNames().join(', ')} or the path of an .onnx file`, network);
  }
  return network;
}
