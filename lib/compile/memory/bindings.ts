import { invalidArgument } from '../../errors.js';
import { isOp, type Node } from '../../graph/node.js';
import { type MutableBinding, type Storage, type StorageOf, storageFor } from '../program/ir.js';
import type { ProgramSpec } from '../spec.js';
import type { Results } from './bind.js';

export interface Bindings {
  /** The tensors that each run binds: inputs in the order of the graph, then outputs as they are named. */
  readonly bindings: readonly MutableBinding[];
  /** The memory of a value: of an input its binding, of a constant its elements, of any other a place in the arena. */
  readonly storageOf: StorageOf;
  readonly results: Results;
}

/**
 * The memory of the values of a graph.
 * @param roots the values of all outputs, then the new values of `updates`
 * @throws INVALID_ARGUMENT when names clash
 */
export function bindingsOf(
  { outputs = {}, perStepOutputs = {}, perStep = [] }: ProgramSpec,
  updates: NonNullable<ProgramSpec['updates']>,
  order: readonly Node[],
  roots: readonly Node[],
): Bindings {
  const names = [...Object.keys(outputs), ...Object.keys(perStepOutputs)];
  const firstPerStep = Object.keys(outputs).length;
  const bindingOf = new Map<Node, MutableBinding>();
  for (const node of order) {
    if (isOp(node, 'input')) bindingOf.set(node, binding(node.attributes.name, node, perStep.includes(node)));
  }
  const bound = names.map((name, index) => {
    const value = roots[index] as Node;
    return { value, binding: binding(name, value, index >= firstPerStep) };
  });
  const bindings = [...bindingOf.values(), ...bound.map((output) => output.binding)];
  checkNames(bindings);

  const storages = new Map<Node, Storage>();
  const storageOf = (node: Node): Storage => {
    const known = storages.get(node);
    if (known) return known;
    const storage = newStorage(node, bindingOf.get(node));
    storages.set(node, storage);
    return storage;
  };
  const results = {
    outputs: bound,
    updates: updates.map(([target], index) => ({
      target,
      value: roots[names.length + index] as Node,
      binding: bindingOf.get(target) as MutableBinding,
    })),
  };
  return { bindings, storageOf, results };
}

function checkNames(bindings: readonly MutableBinding[]): void {
  const names = new Set<string>();
  for (const { name } of bindings) {
    if (names.has(name)) throw invalidArgument('name', 'different names for all inputs and outputs', name);
    names.add(name);
  }
}

function binding(name: string, { dtype, shape }: Node, perStep: boolean): MutableBinding {
  return { name, dtype, shape, access: 'read', perStep };
}

function newStorage(node: Node, bound: MutableBinding | undefined): Storage {
  if (bound) return storageFor(node, { kind: 'binding', binding: bound });
  return storageFor(node, isOp(node, 'constant') ? { kind: 'constant', data: node.attributes.data } : undefined);
}
