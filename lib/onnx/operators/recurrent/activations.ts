import type { Node } from '../../../graph/index.js';
import * as g from '../../../graph/index.js';
import type { Operation } from '../../operation.js';

export type Activation = (x: Node) => Node;

interface Kind {
  readonly build: (x: Node, alpha: number, beta: number) => Node;
  /** Defaults of the numbers it takes, in the order of the attributes activation_alpha and activation_beta. */
  readonly alpha?: number;
  readonly beta?: number;
}

/** Activations of recurrent cells by their names in lower case, which are compared without regard to case. */
const kinds: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ['affine', { build: (x, alpha, beta) => g.add(g.mul(x, alpha), beta), alpha: 1, beta: 0 }],
  ['elu', { build: (x, alpha) => g.elu(x, alpha), alpha: 1 }],
  ['hardsigmoid', { build: g.hardSigmoid, alpha: 0.2, beta: 0.5 }],
  ['leakyrelu', { build: g.leakyRelu, alpha: 0.01 }],
  ['relu', { build: g.relu }],
  ['scaledtanh', { build: (x, alpha, beta) => g.mul(g.tanh(g.mul(x, beta)), alpha), alpha: 1, beta: 1 }],
  ['sigmoid', { build: g.sigmoid }],
  ['softplus', { build: g.softplus }],
  ['softsign', { build: (x) => g.div(x, g.add(g.abs(x), 1)) }],
  ['tanh', { build: g.tanh }],
  ['thresholdedrelu', { build: (x, alpha) => g.where(g.greater(x, alpha), x, 0), alpha: 1 }],
]);

/**
 * The activations of each direction: `defaults`, or as many that the file names. Those that take numbers consume them
 * from two lists in the order in which they stand. What the first two are given, which are those of the gates and of
 * new content, is limited to +-clip; the memory of an LSTM is not, as in ONNX Runtime.
 */
export function readActivations(op: Operation, defaults: readonly string[], directions: number): Activation[][] {
  const { attributes } = op;
  const standard = Array.from({ length: directions }, () => defaults).flat();
  const names = attributes.texts('activations') ?? standard;
  if (names.length !== standard.length) throw op.invalid(`needs ${standard.length} activations`);
  const [alphas, betas] = ['activation_alpha', 'activation_beta'].map((name) =>
    (attributes.floats(name) ?? []).values(),
  );
  const clip = attributes.float('clip', Infinity);
  const activations = names.map((name, position): Activation => {
    const kind = kinds.get(name.toLowerCase());
    if (kind === undefined) throw op.unsupported(`has the activation ${name}, which is not supported`);
    const take = (list: typeof alphas, fallback: number | undefined): number =>
      fallback === undefined ? 0 : (list?.next().value ?? fallback);
    const [alpha, beta] = [take(alphas, kind.alpha), take(betas, kind.beta)];
    const bound = position % defaults.length < 2 ? clip : Infinity;
    return (x) => kind.build(g.clip(x, -bound, bound), alpha, beta);
  });
  return Array.from({ length: directions }, (_, direction) =>
    activations.slice(direction * defaults.length, (direction + 1) * defaults.length),
  );
}
