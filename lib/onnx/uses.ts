import type { ModelNode } from './model-node.js';
import type { ModuleTensor, Origins } from './origins.js';

/** One place where a node reads a stored tensor. */
export interface Use {
  readonly node: ModelNode;
  readonly input: number;
  /** The stored tensor's name in the file. */
  readonly name: string;
  /**
   * Which tensor of the module the stored one stands for here; 'constant' for numbers that the exporter made up,
   * undefined when nothing is known.
   */
  readonly origin: ModuleTensor | 'constant' | undefined;
}

type Slot = Omit<Use, 'origin'>;

/** Operators that have what is trained behind their first input. */
const layers = /^(?:Conv|ConvTranspose|Gemm|MatMul|PRelu|\w*Normalization|LSTM|GRU|RNN)$/;

/** Whether operators read there what layers train: weights, biases, scales and slopes. */
export function isWeightPlace(opType: string, input: number): boolean {
  return input > 0 && layers.test(opType) && !isStatePlace(opType, input);
}

/** Whether a recurrent layer reads there the lengths of sequences or the state with which it begins. */
function isStatePlace(opType: string, input: number): boolean {
  return input >= 4 && input <= 6 && /^(?:LSTM|GRU|RNN)$/.test(opType);
}

/** Whether a recurrent layer begins with this tensor. */
export function isInitialState({ node, input }: Slot): boolean {
  return isStatePlace(node.opType, input);
}

/**
 * Finds what stored tensors stand for where they are read. The exporter stores equal tensors once, and transposes or
 * reshapes others under new names; but each node still notes its operation and the module's tensors among its operands.
 * @param sizes numbers of elements of the stored tensors that are of interest, by name
 */
export function traceUses(nodes: readonly ModelNode[], sizes: ReadonlyMap<string, number>, origins: Origins): Use[] {
  const operations = new Map<string | ModelNode, ModelNode[]>();
  for (const node of nodes) {
    const key = node.traced?.result ?? node;
    const written = operations.get(key);
    if (written === undefined) operations.set(key, [node]);
    else written.push(node);
  }
  return [...operations.values()].flatMap((written) => {
    const slots = written.flatMap((node) =>
      node.inputs
        .slice(0, node.inputs.length - node.captured)
        .flatMap((name, input) => (sizes.has(name) ? [{ node, input, name }] : [])),
    );
    return slots.length === 0 ? [] : settle(slots, sizes, origins);
  });
}

/** All places in the nodes that one operation of the module became. */
function settle(slots: readonly Slot[], sizes: ReadonlyMap<string, number>, origins: Origins): Use[] {
  const settled = new Map<Slot, Use['origin']>();
  const { operands = [], fused = false } = slots[0]?.node.traced ?? {};
  const taken = new Set<ModuleTensor>();
  const open: Slot[] = [];
  let here = new Set<ModuleTensor>();
  for (const [index, slot] of slots.entries()) {
    const own = origins.byTarget.get(slot.name);
    if (slot.node !== slots[index - 1]?.node) here = new Set();
    if (isGroupNormConstant(slot.node, slot.input)) {
      settled.set(slot, 'constant');
    } else if (own !== undefined && operands.includes(own) && !here.has(own)) {
      here.add(own);
      taken.add(own);
      settled.set(slot, own);
    } else if (isInitialState(slot)) {
      // What another operation of the module made, or zeros of the exporter: none of this one's weights.
      settled.set(slot, own);
    } else {
      open.push(slot);
    }
  }
  // What the file has no more under its own name is here under another; what it still has may be here once more.
  const lost = operands.filter((operand) => !operand.stored && !taken.has(operand));
  if (!fused) pair(open, lost, sizes, settled);
  for (const slot of open.filter((each) => !settled.has(each))) {
    const own = origins.byTarget.get(slot.name);
    const copied = fused ? undefined : operands.find((operand) => isRearranged(slot, operand, sizes));
    settled.set(slot, own ?? copied);
  }
  return slots.map((slot) => ({ ...slot, origin: settled.get(slot) }));
}

function isRearranged({ name }: Slot, { target }: ModuleTensor, sizes: ReadonlyMap<string, number>): boolean {
  const size = sizes.get(name) ?? 0;
  return size > 1 && size === sizes.get(target);
}

/** Gives each operand a place: in order when there are as many, else by the name's last part, and numbers last. */
function pair(
  open: readonly Slot[],
  operands: readonly ModuleTensor[],
  sizes: ReadonlyMap<string, number>,
  settled: Map<Slot, Use['origin']>,
): void {
  const left = [...operands];
  const scarce = open.length > left.length;
  const ordered = scarce ? open.toSorted((a, b) => rank(a) - rank(b)) : open;
  const byName = new Map<string, ModuleTensor>();
  function rank({ name }: Slot): number {
    return sizes.get(name) === 1 ? 1 : 0;
  }
  for (const slot of ordered) {
    const same = scarce ? byName.get(slot.name) : undefined;
    const alike = scarce ? left.find(({ target }) => lastPart(target) === lastPart(slot.name)) : undefined;
    const chosen = same ?? alike ?? left[0];
    if (chosen === undefined) continue;
    byName.set(slot.name, chosen);
    settled.set(slot, chosen);
    if (left.includes(chosen)) left.splice(left.indexOf(chosen), 1);
  }
}

/** The name that a tensor has in its layer. */
export function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

/** Group normalization is written as instance normalization with scale 1 and bias 0, which its weights then follow. */
function isGroupNormConstant({ opType, traced }: ModelNode, input: number): boolean {
  return (
    opType === 'InstanceNormalization' &&
    input > 0 &&
    traced?.operation.startsWith('torch.ops.aten.group_norm.') === true
  );
}

export function usesByName(uses: readonly Use[]): ReadonlyMap<string, readonly Use[]> {
  const byName = new Map<string, Use[]>();
  for (const use of uses) {
    const places = byName.get(use.name);
    if (places === undefined) byName.set(use.name, [use]);
    else places.push(use);
  }
  return byName;
}
