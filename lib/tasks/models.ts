import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { invalidArgument } from '../errors.js';

/** The folder of the networks that come with the package: beside package.json, above this file's folder. */
function modelsFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return join(folder, 'models');
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
