import {
  add,
  constant,
  gradient,
  inner,
  input,
  mul,
  type Node,
  stopGradient,
  sumOfSquares,
  topologicalOrder,
} from '../graph/index.js';
import { costOfOutput, importanceLoss, type Loss, meanLoss, type OutputCost } from '../network/costs.js';
import { chooseSizes, type NetworkSizes, type SizeOptions } from '../network/sizes.js';
import type { Network } from '../onnx/index.js';
import type { TensorType } from '../tensor.js';

/** Quantities that derive by both levels, in the order in which they are shown behind the output. */
export const costNames = [
  'f',
  'g',
  'grad_u_g',
  'grad_v_f',
  'grad_v_g',
  'hvp_v',
  'hvp_u',
  'penalty_grad_v',
  'penalty_grad_u',
] as const;
export type CostName = (typeof costNames)[number];

/** The output is called logits where the loss is cross-entropy. */
export type QuantityName = 'logits' | 'output' | CostName;

/** What of a network is checked, and at which sizes. */
export interface CheckSetting {
  readonly sizes: NetworkSizes;
  /** Name of the output. */
  readonly output: string;
  /** Undefined for an output that has no derivative. */
  readonly cost: OutputCost | undefined;
}

/** The network on one batch. */
export interface Side {
  /** By their names in the file. */
  readonly inputs: Readonly<Record<string, Node>>;
  readonly target: Node | undefined;
  readonly output: Node;
}

/** The pair of costs and what derives from it; see `checkQuantities`. */
export interface Costs {
  readonly u: Node;
  readonly gamma: Node;
  readonly lambda: Node;
  /** Lower variables and multipliers, in one order. */
  readonly v: readonly { readonly name: string; readonly node: Node }[];
  readonly nu: readonly Node[];
  readonly values: Readonly<Record<CostName, readonly Node[]>>;
  /** q = gamma grad_v g + nu */
  readonly q: readonly Node[];
  /** Scalars whose differences give the derivatives. */
  readonly f: Node;
  readonly g: Node;
  readonly penalty: Node;
  readonly lowerGradient: readonly Node[];
}

/** A network on one training and one validation batch, and every quantity that is checked of it, as one graph. */
export interface Quantities {
  readonly train: Side;
  readonly validation: Side;
  /** Parameters with the values of the file; the lower variables where there are costs. */
  readonly parameters: readonly { readonly name: string; readonly node: Node }[];
  /** Undefined for a network without parameters, and for an output that has no derivative. */
  readonly costs: Costs | undefined;
  /** The nodes of each quantity: those in v have one per parameter. */
  readonly values: ReadonlyMap<QuantityName, readonly Node[]>;
}

/**
 * The first output of a network, at sizes that fit it.
 * @throws what `chooseSizes` and `costOfOutput` throw
 */
export function checkSetting(network: Network, sizes: SizeOptions, loss?: Loss): CheckSetting {
  const chosen = chooseSizes(network, sizes);
  const [[output, type]] = [...chosen.outputs] as [[string, TensorType]];
  return { sizes: chosen, output, cost: costOfOutput(type, chosen.batch, loss) };
}

/**
 * The output of both batches and, by u and v, the costs f (mean loss of the validation batch) and g (loss of the
 * training batch by importance u), q = gamma grad_v g + nu, and penalty = f + <nu, grad_v g> + gamma / 2 |grad_v g|^2 +
 * lambda g.
 */
export function checkQuantities(network: Network, setting: CheckSetting): Quantities {
  const nodes = network.parameterNodes('v/');
  const parameters = Object.entries(nodes).map(([name, node]) => ({ name, node }));
  const [train, validation] = [sideOf(network, setting, 'train', nodes), sideOf(network, setting, 'val', nodes)];
  const { cost, sizes } = setting;
  const costs = cost && parameters.length > 0 ? costsOf(cost, sizes.batch, train, validation, parameters) : undefined;
  const outputName = cost?.loss === 'crossEntropy' ? 'logits' : 'output';
  const values: [QuantityName, readonly Node[]][] = [[outputName, [train.output, validation.output]]];
  if (costs) for (const name of costNames) values.push([name, costs.values[name]]);
  return { train, validation, parameters, costs, values: new Map(values) };
}

/** Inputs are called x_train where the network has one, train/NAME where it has several. */
export function inputName(network: Network, side: 'train' | 'val', name: string): string {
  return network.inputs.length === 1 ? `x_${side}` : `${side}/${name}`;
}

function sideOf(
  network: Network,
  { sizes, cost, output }: CheckSetting,
  side: 'train' | 'val',
  parameters: Readonly<Record<string, Node>>,
): Side {
  const inputs = Object.fromEntries(
    network.inputs.map(({ name, dtype }) => [
      name,
      input(inputName(network, side, name), sizes.inputs.get(name) ?? [], dtype),
    ]),
  );
  const target = cost?.target && input(`y_${side}`, cost.target.shape, cost.target.dtype);
  // One fixed key: where the network draws at random, every quantity is of the same draw.
  const key = constant([0, 0], [2], 'int32');
  return { inputs, target, output: network.applyAll(inputs, parameters, { key })[output] as Node };
}

function costsOf(
  cost: OutputCost,
  batch: number,
  train: Side,
  validation: Side,
  v: readonly { readonly name: string; readonly node: Node }[],
): Costs {
  const u = input('u', cost.perSample ? [batch] : []);
  const [gamma, lambda] = [input('gamma', []), input('lambda', [])];
  const vs = v.map(({ node }) => node);
  const nu = v.map(({ name, node }) => input(`nu/${name}`, node.shape));
  const g = importanceLoss(cost, train.output, train.target, u);
  const f = meanLoss(cost, validation.output, validation.target);
  const lowerGradient = gradient(g, vs);
  const q = lowerGradient.map((each, index) => add(mul(gamma, each), nu[index] as Node));
  const product = gradient(
    inner(
      lowerGradient,
      q.map((each) => stopGradient(each)),
    ),
    [...vs, u],
  );
  const quadratic = mul(mul(0.5, gamma), sumOfSquares(lowerGradient));
  const penalty = add(add(add(f, inner(nu, lowerGradient)), quadratic), mul(lambda, g));
  const penaltyGradient = gradient(penalty, [...vs, u]);
  const values = {
    f: [f],
    g: [g],
    grad_u_g: gradient(g, [u]),
    grad_v_f: gradient(f, vs),
    grad_v_g: lowerGradient,
    hvp_v: product.slice(0, -1),
    hvp_u: product.slice(-1),
    penalty_grad_v: penaltyGradient.slice(0, -1),
    penalty_grad_u: penaltyGradient.slice(-1),
  };
  return { u, gamma, lambda, v, nu, values, q, f, g, penalty, lowerGradient };
}

/** Whether the output of a network depends on random numbers, as in the training form of dropout. */
export function isRandom({ train }: Quantities): boolean {
  return topologicalOrder([train.output]).some((node) => node.op === 'randomUniform');
}
