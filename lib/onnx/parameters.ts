import type { ModelGraph } from './model-graph.js';
import { operators } from './operators/index.js';
import type { StoredTensor } from './stored-tensor.js';

/** The float tensors of a file by what they are to training. */
export interface Roles {
  /** What training changes: float initializers with at least one axis that are not statistics. */
  readonly parameters: readonly StoredTensor[];
  /** Running statistics of batch normalization: they change, but not by gradients. */
  readonly state: readonly StoredTensor[];
  /** Names of the parameters from which a differentiable path leads to an output that is computed. */
  readonly trainable: ReadonlySet<string>;
}

/** Follows Identity nodes back: the initializer that each name stands for. */
export function resolveAliases(graph: ModelGraph): ReadonlyMap<string, string> {
  const aliases = new Map<string, string>();
  for (const name of graph.initializers.keys()) aliases.set(name, name);
  for (const { opType, domain, inputs, outputs } of graph.nodes) {
    const source = aliases.get(inputs[0] ?? '');
    const [output] = outputs;
    if (opType === 'Identity' && domain === '' && source !== undefined && output !== undefined)
      aliases.set(output, source);
  }
  return aliases;
}

export function assignRoles(graph: ModelGraph): Roles {
  const aliases = resolveAliases(graph);
  const statistics = new Set<string>();
  const weights = new Set<string>();
  for (const { opType, inputs } of graph.nodes.filter((node) => node.opType !== 'Identity')) {
    for (const [index, input] of inputs.entries()) {
      const name = aliases.get(input);
      if (name === undefined) continue;
      (opType === 'BatchNormalization' && index >= 3 ? statistics : weights).add(name);
    }
  }
  const tensors = [...graph.initializers.values()].filter(
    ({ dtype, shape }) => dtype === 'float32' && shape.length > 0,
  );
  const isState = ({ name }: StoredTensor): boolean => statistics.has(name) && !weights.has(name);
  return {
    parameters: tensors.filter((tensor) => !isState(tensor)),
    state: tensors.filter(isState),
    trainable: findTrainable(graph),
  };
}

function findTrainable(graph: ModelGraph): ReadonlySet<string> {
  const reached = new Set(graph.outputs);
  for (const node of graph.nodes.toReversed()) {
    const { constantAlmostEverywhere, settings = [] } = operators.get(node.opType) ?? {};
    if (constantAlmostEverywhere || !node.outputs.some((name) => reached.has(name))) continue;
    for (const [index, name] of node.inputs.entries()) if (!settings.includes(index)) reached.add(name);
  }
  return reached;
}
