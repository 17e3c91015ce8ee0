import { BilevelError, checkKeys, invalidArgument } from '../errors.js';
import { isOp, type Node, requireNode, requireNodes } from '../graph/node.js';
import { formatType, sameShape } from '../tensor.js';
import type { Computed } from './shard/sharding.js';

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

/** @throws as `compile` does for what it is given to compile, but for names that clash */
export function checkSpec(spec: ProgramSpec): void {
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

/** What a step computes; an input that keeps its value is no update. */
export function computedBy({ outputs = {}, perStepOutputs = {}, updates = [] }: ProgramSpec): Computed {
  return {
    values: [...Object.values(outputs), ...Object.values(perStepOutputs)],
    updates: updates.filter(([target, value]) => target !== value),
  };
}
