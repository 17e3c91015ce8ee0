import { type StoredTensor, tensorValues } from '../file/stored-tensor.js';
import type { Origins } from '../origins.js';
import { lastPart, type Use, usesByName } from '../uses.js';

/** A stored tensor that stands for several of the module. */
export interface MergedTensor {
  readonly tensor: StoredTensor;
  /** What keeps it, by the name it has in the module as far as that is known. */
  readonly keeper: string;
  /** The others, with names for tensors of their own, and the places where they are read. */
  readonly others: readonly { readonly name: string; readonly uses: readonly Use[] }[];
  /** Whether the file says so; otherwise the module may really use one tensor in all these places. */
  readonly certain: boolean;
}

/** Finds tensors that the exporter stored once because they were equal, without marking it by Identity nodes. */
export function findMerged(
  uses: readonly Use[],
  tensors: ReadonlyMap<string, StoredTensor>,
  origins: Origins,
): MergedTensor[] {
  const merged: MergedTensor[] = [];
  for (const [name, places] of usesByName(uses)) {
    const tensor = tensors.get(name);
    if (tensor === undefined || places.length < 2) continue;
    const found = origins.byTarget.size > 0 ? byOrigin(tensor, places, origins) : byPlace(tensor, places, origins);
    if (found !== undefined) merged.push(found);
  }
  return merged;
}

function byOrigin(tensor: StoredTensor, places: readonly Use[], { byTarget }: Origins): MergedTensor | undefined {
  const own = byTarget.get(tensor.name);
  const groups = new Map<Use['origin'], Use[]>();
  for (const use of places) {
    const origin = use.origin ?? own;
    const group = groups.get(origin);
    if (group === undefined) groups.set(origin, [use]);
    else group.push(use);
  }
  const keeper = own !== undefined && groups.has(own) ? own : [...groups.keys()][0];
  const others = [...groups].filter(([origin]) => origin !== keeper);
  if (others.length === 0) return undefined;
  const nameOf = (origin: Use['origin']): string => {
    const target = typeof origin === 'object' ? origin.target : (origin ?? 'constant');
    // A tensor that was transposed or reshaped is not the module's own.
    return own !== undefined && typeof origin === 'object' ? target : `${tensor.name}/${target}`;
  };
  return {
    tensor,
    keeper: typeof keeper === 'object' ? keeper.target : tensor.name,
    others: others.map(([origin, group]) => ({ name: nameOf(origin), uses: group })),
    certain: true,
  };
}

/** Without notes: values that are all equal, as fresh layers have them, where several layers have what they train. */
function byPlace(tensor: StoredTensor, places: readonly Use[], { exporter }: Origins): MergedTensor | undefined {
  if (tensor.shape.length === 0 || !places.every(isFreshParameter)) return undefined;
  const values = tensorValues(tensor);
  if (!values.every((value) => value === values[0])) return undefined;
  const groups = new Map<string, Use[]>();
  for (const [index, use] of places.entries()) {
    const name = nameInScope(use, lastPart(tensor.name));
    // The older exporter marks what it merges; without the names of modules a use is as good as another.
    if (name === undefined && exporter === 'torchscript') return undefined;
    const key = name ?? `${tensor.name}${index === 0 ? '' : `/${index + 1}`}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [use]);
    else group.push(use);
  }
  const keeper = groups.has(tensor.name) ? tensor.name : [...groups.keys()][0];
  const others = [...groups].filter(([name]) => name !== keeper).map(([name, uses]) => ({ name, uses }));
  return others.length === 0 ? undefined : { tensor, keeper: tensor.name, others, certain: false };
}

/** The older exporter names nodes as "/block/norm/Mul", and with "norm_1" where a module is used once more. */
function nameInScope({ node }: Use, part: string): string | undefined {
  const [, scope] = /"\/(.*)\/[^/]*"$/.exec(node.label) ?? [];
  if (scope === undefined) return undefined;
  return [...scope.split('/').map((each) => each.replace(/_\d+$/, '')), part].join('.');
}

/** Scales and shifts of normalization, slopes, and biases begin with one value. */
function isFreshParameter({ node: { opType }, input }: Use): boolean {
  if (/^(?:Batch|Layer|Instance|Group|RMS|SimplifiedLayer)Normalization$/.test(opType))
    return input === 1 || input === 2;
  return opType === 'PRelu' ? input === 1 : /^(?:Conv|ConvTranspose|Gemm)$/.test(opType) && input === 2;
}
