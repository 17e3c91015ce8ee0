import {
  add,
  constant,
  crossEntropy,
  gradient,
  inner,
  input,
  mean,
  mul,
  type Node,
  stopGradient,
  sumOfSquares,
} from '../../graph/index.js';
import type { Network } from '../../onnx/index.js';
import { weightedLoss } from '../denoising/problem.js';

/** The quantities whose errors are reported, in the order in which they are shown. */
export const quantityNames = [
  'logits',
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
export type QuantityName = (typeof quantityNames)[number];

/** The denoising pair on one training and one validation batch, and every quantity of it, as one graph. */
export interface Quantities {
  readonly inputs: {
    readonly xTrain: Node;
    readonly yTrain: Node;
    readonly xVal: Node;
    readonly yVal: Node;
    readonly u: Node;
    readonly gamma: Node;
    readonly lambda: Node;
  };
  /** Lower variables and multipliers, in one order. */
  readonly v: readonly { readonly name: string; readonly node: Node }[];
  readonly nu: readonly Node[];
  /** The nodes of each quantity: those in v have one per parameter. */
  readonly values: Readonly<Record<QuantityName, readonly Node[]>>;
  /** q = gamma grad_v g + nu */
  readonly q: readonly Node[];
  /** Scalars whose differences give the derivatives. */
  readonly f: Node;
  readonly g: Node;
  readonly penalty: Node;
  readonly lowerGradient: readonly Node[];
}

/**
 * With w = sigmoid(2 u): g = sum_i w_i CE_i / sum_i w_i on the training batch, f = mean CE on the validation batch,
 * q = gamma grad_v g + nu, penalty = f + <nu, grad_v g> + gamma / 2 |grad_v g|^2 + lambda g.
 */
export function denoisingQuantities(network: Network, batch: number): Quantities {
  const shape = network.inputShape(batch);
  const inputs = {
    xTrain: input('x_train', shape),
    yTrain: input('y_train', [batch], 'int64'),
    xVal: input('x_val', shape),
    yVal: input('y_val', [batch], 'int64'),
    u: input('u', [batch]),
    gamma: input('gamma', []),
    lambda: input('lambda', []),
  };
  const parameters = network.parameterNodes('v/');
  const v = Object.entries(parameters).map(([name, node]) => ({ name, node }));
  const vs = v.map(({ node }) => node);
  const nu = v.map(({ name, node }) => input(`nu/${name}`, node.shape));
  // One fixed key: where the network draws at random, every quantity is of the same draw.
  const key = constant([0, 0], [2], 'int32');
  const logitsTrain = network.apply(inputs.xTrain, parameters, { key });
  const logitsVal = network.apply(inputs.xVal, parameters, { key });
  const g = weightedLoss(logitsTrain, inputs.yTrain, inputs.u);
  const f = mean(crossEntropy(logitsVal, inputs.yVal));
  const lowerGradient = gradient(g, vs);
  const q = lowerGradient.map((each, index) => add(mul(inputs.gamma, each), nu[index] as Node));
  const product = gradient(
    inner(
      lowerGradient,
      q.map((each) => stopGradient(each)),
    ),
    [...vs, inputs.u],
  );
  const quadratic = mul(mul(0.5, inputs.gamma), sumOfSquares(lowerGradient));
  const penalty = add(add(add(f, inner(nu, lowerGradient)), quadratic), mul(inputs.lambda, g));
  const penaltyGradient = gradient(penalty, [...vs, inputs.u]);
  return {
    inputs,
    v,
    nu,
    values: {
      logits: [logitsTrain, logitsVal],
      f: [f],
      g: [g],
      grad_u_g: gradient(g, [inputs.u]),
      grad_v_f: gradient(f, vs),
      grad_v_g: lowerGradient,
      hvp_v: product.slice(0, -1),
      hvp_u: product.slice(-1),
      penalty_grad_v: penaltyGradient.slice(0, -1),
      penalty_grad_u: penaltyGradient.slice(-1),
    },
    q,
    f,
    g,
    penalty,
    lowerGradient,
  };
}
