import type { EncodedProgram } from '../encoded.js';
import { BilevelError, checkKeys, invalidArgument } from '../errors.js';
import { isOp, type Node, type NodeOf, requireNode, requireNodes } from '../graph/node.js';
import { topologicalOrder } from '../graph/traverse.js';
import { elementCount, formatType, sameShape } from '../tensor.js';
import { bindResults } from './bind.js';
import { keyOf, ProgramCache } from './cache.js';
import { deduplicate } from './deduplicate.js';
import { encode } from './encode.js';
import { costOf, formatCost, type ProgramCost, type Savings } from './explain.js';
import { foldConstants } from './fold.js';
import type { MutableBinding, Storage } from './ir.js';
import { lower } from './lower.js';
import { planMemory } from './memory.js';
import { partition } from './partition.js';
import { reassociate } from './reassociate.js';
import { simplify } from './simplify.js';
import { planViews } from './views.js';

export { formatCost, formatQuantity, type InstructionCost, type ProgramCost } from './explain.js';

/** What one step of a program computes. */
export interface ProgramSpec {
  /** Values written to tensors bound under these names; after several steps they hold the last step's values. */
  readonly outputs?: Readonly<Record<string, Node>>;
  /** Values written once per step to tensors with a leading axis of length `steps`. */
  readonly perStepOutputs?: Readonly<Record<string, Node>>;
  /** Inputs that a step overwrites with new values. All values are computed from the old ones. */
  readonly updates?: readonly (readonly [target: Node, value: Node])[];
  /** Inputs bound to tensors with a leading axis of length `steps`; each step sees its own row. */
  readonly perStep?: readonly Node[];
}

/** Each pass can be switched off to find out whether it is at fault. All are on by default. */
export interface CompileOptions {
  readonly foldConstants?: boolean;
  readonly simplify?: boolean;
  readonly deduplicate?: boolean;
  /** Products of matrices in the order that costs least, and those that no step changes once per run. */
  readonly reassociate?: boolean;
  /** One pass over memory for chains of elementwise operations and their reductions. */
  readonly fuse?: boolean;
  /** Values that no step changes are computed once per run. */
  readonly hoist?: boolean;
  /** Results are written where they are wanted, over the values that they replace. */
  readonly inPlace?: boolean;
  /** Values that are not needed at the same time share memory. */
  readonly reuseMemory?: boolean;
}

const passes = ['foldConstants', 'simplify', 'deduplicate', 'reassociate', 'fuse', 'hoist', 'inPlace', 'reuseMemory'];

export interface CompiledProgram extends EncodedProgram {
  readonly cost: ProgramCost;
  /** A listing of the instructions with their shapes, bytes and floating-point operations. */
  explain(): string;
}

/**
 * Compiles the graph of one step into a program for an engine. Bindings are named by their inputs and outputs.
 * @throws UNKNOWN_OPTION; INVALID_ARGUMENT for what is no node, when names clash, a target is not an input, or two updates have one target
 * @throws SHAPE_MISMATCH when a new value has not the type of the input that it replaces
 */
export function compile(spec: ProgramSpec, options: CompileOptions = {}): CompiledProgram {
  checkKeys(options, passes, 'compile');
  const {
    foldConstants: fold = true,
    simplify: simplifying = true,
    deduplicate: deduplicating = true,
    reassociate: reassociating = true,
    fuse = true,
    hoist = true,
    inPlace = true,
    reuseMemory = true,
  } = options;
  checkSpec(spec);
  const outputNames = [...Object.keys(spec.outputs ?? {}), ...Object.keys(spec.perStepOutputs ?? {})];
  const stepOutputStart = Object.keys(spec.outputs ?? {}).length;
  const updates = (spec.updates ?? []).filter(([target, value]) => target !== value);
  let roots: readonly Node[] = [
    ...Object.values(spec.outputs ?? {}),
    ...Object.values(spec.perStepOutputs ?? {}),
    ...updates.map(([, value]) => value),
  ];
  const targets = updates.map(([target]) => target);
  const changing = new Set([...targets, ...(spec.perStep ?? [])]);
  const settle = (from: readonly Node[]): readonly Node[] => settled(from, { fold, simplifying, deduplicating });
  roots = settle(roots);
  let savings: Savings = { savedFlops: 0, hoistedFlops: 0 };
  if (reassociating) ({ roots, ...savings } = reassociate(roots, hoist ? changing : undefined, settle));

  const order = topologicalOrder([...roots, ...targets]);
  const isInvariant = hoist ? invariance(order, changing) : () => false;
  const views = planViews(order);
  const groups = partition(order, new Set(roots), views, isInvariant, { fuse });

  const bindingOf = new Map<Node, MutableBinding>();
  for (const node of order) {
    if (isOp(node, 'input'))
      bindingOf.set(node, binding(node.attributes.name, node, spec.perStep?.includes(node) ?? false));
  }
  checkInputNames(
    [...bindingOf.keys()].filter((node) => isOp(node, 'input')),
    outputNames,
  );
  const outputs = outputNames.map((name, index) => {
    const value = roots[index] as Node;
    return { value, binding: binding(name, value, index >= stepOutputStart) };
  });
  const bindings = [...bindingOf.values(), ...outputs.map((output) => output.binding)];

  const storages = new Map<Node, Storage>();
  const storageOf = (node: Node): Storage => {
    const known = storages.get(node);
    if (known) return known;
    const storage = newStorage(node, bindingOf.get(node));
    storages.set(node, storage);
    return storage;
  };
  const units = lower(order, groups, views, storageOf, isInvariant);
  const results = {
    outputs,
    updates: updates.map(([target], index) => ({
      target,
      value: roots[outputNames.length + index] as Node,
      binding: bindingOf.get(target) as MutableBinding,
    })),
  };
  const scheduled = bindResults(units, results, views, storageOf, { inPlace });
  setAccess(scheduled);
  const memory = planMemory(scheduled, { reuse: reuseMemory });
  const cost = costOf(scheduled, bindings, memory, savings);
  return withCost(encode(scheduled, bindings, memory.arenaBytes), cost);
}

/** A function of its own, so that what explains a program does not keep its graph in memory. */
function withCost(program: EncodedProgram, cost: ProgramCost): CompiledProgram {
  return { ...program, cost, explain: () => formatCost(cost) };
}

const compiled = new ProgramCache({ programs: 64, bytes: 2 ** 26 });

/**
 * As {@link compile}, but what was compiled before in this process is not compiled again: a statement with the same operations
 * in the same order, the same shapes, names, constants and options gives the program that was made for the first one, at the
 * cost of reading the statement. The program belongs to all who ask for it and must not be changed. The last 64 programs are
 * kept, up to 64 MiB of instructions and constants together. Constants of more than 65,536 elements are equal only where they
 * are one node.
 * @throws as {@link compile} does
 */
export function compileCached(spec: ProgramSpec, options: CompileOptions = {}): CompiledProgram {
  checkKeys(options, passes, 'compile');
  checkSpec(spec);
  return compiled.get(keyOf(spec, options), () => compile(spec, options));
}

/** Each pass makes work for the others; graphs settle within a few rounds, and a further one would only cost time. */
function settled(
  roots: readonly Node[],
  passes: { readonly fold: boolean; readonly simplifying: boolean; readonly deduplicating: boolean },
): readonly Node[] {
  let current = roots;
  for (let round = 0; round < 4; round++) {
    const before = current;
    if (passes.fold) current = foldConstants(current);
    if (passes.simplifying) current = simplify(current);
    if (passes.deduplicating) current = deduplicate(current);
    if (current.every((root, index) => root === before[index])) break;
  }
  return current;
}

function checkSpec(spec: ProgramSpec): void {
  checkKeys(spec, ['outputs', 'perStepOutputs', 'updates', 'perStep'], 'the program to compile');
  for (const [name, node] of Object.entries({ ...spec.outputs, ...spec.perStepOutputs })) {
    requireNode(node, `the output ${name}`);
  }
  const seen = new Set<Node>();
  for (const update of spec.updates ?? []) {
    const [target, value] = requireNodes(update, 'an update');
    if (target === undefined || value === undefined) throw invalidArgument('an update', '[input, new value]', update);
    if (!isOp(target, 'input')) throw invalidArgument('updates', 'an input as the target of every update', target.op);
    const { name } = target.attributes;
    if (seen.has(target)) throw invalidArgument('updates', 'one update for each input', name);
    if (spec.perStep?.includes(target)) throw invalidArgument('updates', 'no input that changes with the step', name);
    if (value.dtype !== target.dtype || !sameShape(value.shape, target.shape)) {
      throw new BilevelError(
        'SHAPE_MISMATCH',
        `The input ${JSON.stringify(name)} is ${formatType(target)} but its new value is ${formatType(value)}.`,
      );
    }
    seen.add(target);
  }
  for (const node of requireNodes(spec.perStep ?? [], 'perStep')) {
    if (!isOp(node, 'input')) throw invalidArgument('perStep', 'inputs', node.op);
  }
}

function checkInputNames(inputs: readonly NodeOf<'input'>[], outputNames: readonly string[]): void {
  const names = new Set<string>();
  for (const name of [...inputs.map((input) => input.attributes.name), ...outputNames]) {
    if (names.has(name)) throw invalidArgument('name', 'different names for all inputs and outputs', name);
    names.add(name);
  }
}

function binding(name: string, node: Node, perStep: boolean): MutableBinding {
  return { name, dtype: node.dtype, shape: node.shape, access: 'read', perStep };
}

function newStorage(node: Node, bound: MutableBinding | undefined): Storage {
  const place: Storage['place'] = bound
    ? { kind: 'binding', binding: bound }
    : isOp(node, 'constant')
      ? { kind: 'constant', data: node.attributes.data }
      : { kind: 'arena', offset: 0 };
  return { dtype: node.dtype, elementCount: elementCount(node.shape), place };
}

/** Values that depend on nothing that changes from one step to the next. */
function invariance(order: readonly Node[], changing: ReadonlySet<Node>): (node: Node) => boolean {
  const varying = new Set<Node>(changing);
  for (const node of order) if (node.inputs.some((input) => varying.has(input))) varying.add(node);
  return (node) => !varying.has(node);
}

/** A binding's access is what the instructions do with it. */
function setAccess(
  order: readonly { readonly reads: readonly Storage[]; readonly writes: readonly Storage[] }[],
): void {
  const use = { read: new Set<MutableBinding>(), write: new Set<MutableBinding>() };
  for (const unit of order) {
    for (const { place } of unit.reads) if (place.kind === 'binding') use.read.add(place.binding);
    for (const { place } of unit.writes) if (place.kind === 'binding') use.write.add(place.binding);
  }
  for (const bound of use.write) bound.access = use.read.has(bound) ? 'readWrite' : 'write';
}
