import { bilevelProblem, feed, perSample } from '../bilevel/index.js';
import type { ProgramCost } from '../compile/index.js';
import type { Device } from '../engine/index.js';
import { broadcastTo, type Node } from '../graph/index.js';
import { costOfOutput, importanceLoss, type Loss, meanLoss } from '../network/costs.js';
import { chooseSizes, type NetworkSizes, type SizeOptions } from '../network/sizes.js';
import type { Network } from '../onnx/index.js';
import { penalty } from '../solvers/index.js';
import { formatType, Tensor, type TensorType } from '../tensor.js';

/** What a step of the penalty method costs for a network, with the importance of samples as the upper variable. */
export interface StepCost {
  readonly sizes: NetworkSizes;
  readonly loss: Loss;
  /** One step of v with its mini-batches of training and validation samples. */
  readonly lower: ProgramCost;
  /** One step of u. */
  readonly upper: ProgramCost;
  /** Seconds for stating and compiling all programs. */
  readonly compileSeconds: number;
}

/** Why a network that is right has no step. */
export interface NoStep {
  readonly reason: string;
}

/**
 * Compiles the penalty method for the first output of a network and mini-batches of as many training and validation
 * samples, if the network has parameters and the output a derivative.
 * @throws what `chooseSizes` throws; LIMIT_EXCEEDED
 */
export function inspectStep(network: Network, options: SizeOptions, device: Device): StepCost | NoStep {
  const parameters = network.initialParameters();
  const sizes = chooseSizes(network, options);
  if (Object.keys(parameters).length === 0) {
    return { reason: 'The network has no trainable parameters, so there is nothing to step.' };
  }
  const { batch } = sizes;
  const [[name, type]] = [...sizes.outputs] as [[string, TensorType]];
  const cost = costOfOutput(type, batch);
  if (cost === undefined) {
    return {
      reason: `The output ${JSON.stringify(name)} is ${formatType(type)}, which has no derivative; choose another one.`,
    };
  }
  const inputs = network.inputs.map(({ name, dtype }) => ({ name, dtype, shape: sizes.inputs.get(name) ?? [] }));
  const hasRows = ({ shape }: TensorType): boolean => shape[0] === batch;
  const arrays: Record<string, Tensor> = { row: Tensor.zeros([batch]) };
  for (const [index, each] of inputs.entries()) if (hasRows(each)) arrays[`x${index}`] = zeros(each);
  if (cost.target && hasRows(cost.target)) arrays.y = zeros(cost.target);
  const side = feed(arrays, { batch });
  type Nodes = Readonly<Record<string, Node>>;
  const nodeOf = (rows: Nodes, name: string): Node | undefined => (name in rows ? rows[name] : undefined);
  const outputOf = (rows: Nodes, v: Nodes, key: Node): Node => {
    // What has no row per sample is the same for all of them.
    const given = inputs.map((each, index) => [each.name, nodeOf(rows, `x${index}`) ?? zeroNode(each)] as const);
    return network.apply(Object.fromEntries(given), v, { key });
  };
  const targetOf = (rows: Nodes): Node | undefined => nodeOf(rows, 'y') ?? (cost.target && zeroNode(cost.target));
  const started = performance.now();
  const importance = cost.perSample ? perSample(Tensor.zeros([batch]), 'train') : Tensor.zeros([]);
  const problem = bilevelProblem({
    upper: { importance },
    lower: parameters,
    feeds: { train: side, validation: side },
    f: ({ v, validation, key }) => meanLoss(cost, outputOf(validation, v, key), targetOf(validation)),
    g: ({ u, v, train, key }) => importanceLoss(cost, outputOf(train, v, key), targetOf(train), u.importance),
  });
  using solver = penalty(problem, {}, { device });
  return {
    sizes,
    loss: cost.loss,
    lower: solver.costOf('lower'),
    upper: solver.costOf('upper'),
    compileSeconds: (performance.now() - started) / 1000,
  };
}

function zeros({ dtype, shape }: TensorType): Tensor {
  return Tensor.zeros(shape, dtype);
}

function zeroNode({ dtype, shape }: TensorType): Node {
  return broadcastTo(0, shape, dtype);
}
