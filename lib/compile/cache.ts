import { createHash } from 'node:crypto';
import { isOp, type Node } from '../graph/node.js';
import { topologicalOrder } from '../graph/traverse.js';
import type { BackgroundCompiler } from './background/compiler.js';
import { type CompileOptions, settingsOf } from './options.js';
import { type CompiledProgram, compile } from './pipeline.js';
import { checkSpec, type ProgramSpec } from './spec.js';

/** Larger constants are told apart by identity: reading their elements could take longer than compiling again. */
const maxReadElements = 1 << 16;

const identities = new WeakMap<Float64Array, number>();
let nextIdentity = 0;

function identityOf(data: Float64Array): number {
  const identity = identities.get(data) ?? nextIdentity++;
  identities.set(data, identity);
  return identity;
}

/**
 * A text that two statements share only when they compile to the same program, bit for bit: a hash of the operations in
 * the order in which they were made, with their attributes and operands, of constants, names and options.
 */
export function keyOf(spec: ProgramSpec, options: CompileOptions): string {
  const { outputs = {}, perStepOutputs = {}, updates = [], perStep = [] } = spec;
  const named = [outputs, perStepOutputs].map((record) => Object.values(record));
  const order = topologicalOrder([...named.flat(), ...updates.flat(), ...perStep]);
  const positions = new Map(order.map((node, position) => [node, position]));
  const positionsOf = (nodes: readonly Node[]): string => nodes.map((node) => positions.get(node)).join(' ');

  const hash = createHash('sha256');
  const read: Float64Array[] = [];
  const lines = order.map((node) => {
    if (!isOp(node, 'constant')) return `${node.op} ${positionsOf(node.inputs)} ${JSON.stringify(node.attributes)}`;
    const { dtype, shape, data } = node.attributes;
    const isRead = data.length <= maxReadElements;
    if (isRead) read.push(data);
    return `constant ${dtype} [${shape}] ${isRead ? '' : identityOf(data)}`;
  });
  const names = [outputs, perStepOutputs].map((record) => Object.keys(record));
  lines.push(
    JSON.stringify([names, options]),
    ...named.map(positionsOf),
    positionsOf(updates.flat()),
    positionsOf(perStep),
  );
  const text = lines.join('\n');
  hash.update(`${text.length}\n${text}`);
  for (const { buffer, byteOffset, byteLength } of read) hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  return hash.digest('base64');
}

export interface CacheLimits {
  readonly programs: number;
  /** Of encoded instructions and constants together. */
  readonly bytes: number;
}

/** Compiled programs by their keys; beyond the limits the one that was not asked for the longest is forgotten. */
export class ProgramCache {
  /** The one that was asked for last stands last. */
  readonly #programs = new Map<string, CompiledProgram>();
  readonly #limits: CacheLimits;
  #bytes = 0;

  constructor(limits: CacheLimits) {
    this.#limits = limits;
  }

  get(key: string, make: () => CompiledProgram): CompiledProgram {
    return this.keep(key, this.find(key) ?? make());
  }

  find(key: string): CompiledProgram | undefined {
    return this.#programs.get(key);
  }

  /** The program, which counts as asked for now. */
  keep(key: string, program: CompiledProgram): CompiledProgram {
    this.#forget(key);
    this.#programs.set(key, program);
    this.#bytes += bytesOf(program);
    for (const oldest of this.#programs.keys()) {
      if (this.#programs.size <= this.#limits.programs && this.#bytes <= this.#limits.bytes) break;
      this.#forget(oldest);
    }
    return program;
  }

  #forget(key: string): void {
    const program = this.#programs.get(key);
    if (program === undefined) return;
    this.#programs.delete(key);
    this.#bytes -= bytesOf(program);
  }
}

function bytesOf({ words, constants }: CompiledProgram): number {
  return words.byteLength + constants.byteLength;
}

const compiled = new ProgramCache({ programs: 64, bytes: 2 ** 26 });

/**
 * As {@link compile}, but what was compiled before in this process is not compiled again: a statement with the same
 * operations in the same order, the same shapes, names, constants and options gives the program that was made for the
 * first one, at the cost of reading the statement. The program belongs to all who ask for it and must not be changed.
 * The last 64 programs are kept, up to 64 MiB of instructions and constants together. Constants of more than 65,536
 * elements are equal only where they are one node.
 * @throws as {@link compile} does
 */
export function compileCached(spec: ProgramSpec, options: CompileOptions = {}): CompiledProgram {
  const settings = settingsOf(options);
  checkSpec(spec);
  return compiled.get(keyOf(spec, settings), () => compile(spec, settings));
}

/** As {@link compileCached}, but what has to be compiled is compiled by another thread. @throws as it does; ABORTED */
export async function compileCachedBy(
  compiler: BackgroundCompiler,
  spec: ProgramSpec,
  options: CompileOptions = {},
): Promise<CompiledProgram> {
  const settings = settingsOf(options);
  checkSpec(spec);
  const key = keyOf(spec, settings);
  return compiled.keep(key, compiled.find(key) ?? (await compiler.compile(spec, settings)));
}
