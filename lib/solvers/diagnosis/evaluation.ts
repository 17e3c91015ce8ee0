import { type CompileOptions, compile, noPasses, optionsFor } from '../../compile/index.js';
import type { Device } from '../../engine/index.js';
import { isOp, type Node, topologicalOrder } from '../../graph/index.js';
import { Tensor } from '../../tensor.js';

/** The values of nodes at one step. */
export type Evaluation = (nodes: readonly Node[]) => Promise<Tensor[]>;

const outputName = (index: number): string => `result ${index}`;

/** Every operation by itself, as it was stated, in as little memory as that takes. */
const asStated: CompileOptions = { ...noPasses, inPlace: true, schedule: true, reuseMemory: true };

/**
 * Evaluates nodes of a step's graph on the device of the solver, in its arithmetic but without the optimizations.
 * @param tensors what the step's inputs are bound to, by name; those of `perStep` with a leading axis of 1
 */
export function evaluation(
  device: Device,
  tensors: Readonly<Record<string, Tensor>>,
  perStep: readonly Node[],
): Evaluation {
  return async (nodes) => {
    const used = new Set(topologicalOrder(nodes));
    const outputs = Object.fromEntries(nodes.map((node, index): [string, Node] => [outputName(index), node]));
    const spec = { outputs, perStep: perStep.filter((node) => used.has(node)) };
    const results = nodes.map(({ shape, dtype }) => Tensor.zeros(shape, dtype));
    const bound: Record<string, Tensor> = Object.fromEntries(
      results.map((tensor, index) => [outputName(index), tensor]),
    );
    for (const node of used) {
      if (!isOp(node, 'input')) continue;
      const tensor = tensors[node.attributes.name];
      if (tensor !== undefined) bound[node.attributes.name] = tensor;
    }
    using program = device.load(compile(spec, { ...asStated, ...optionsFor(device) }));
    await program.run(bound);
    return results;
  };
}
