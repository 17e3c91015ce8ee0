import { readSafetensors } from '../../lib/data/safetensors.js';
import {
  add,
  crossEntropy,
  div,
  evaluate,
  gradient,
  hessianVectorProduct,
  inner,
  input,
  mean,
  mixedJacobianVectorProduct,
  mul,
  type Node,
  reduceSum,
  sumOfSquares,
  tanh,
} from '../../lib/graph/index.js';
import type { Network } from '../../lib/onnx/index.js';

/** What a reference file holds: numbers in float64 with their shapes, by key. */
export type Reference = ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float64Array }>;

export async function readReference(path: string): Promise<Reference> {
  const { tensors } = await readSafetensors(path);
  return new Map(
    [...tensors].map(([key, { shape, data }]) => [
      key,
      { shape, data: Float64Array.from(data as ArrayLike<number>, Number) },
    ]),
  );
}

/** Every quantity of test/fixtures/README.md by its key there, as a graph over inputs that are fed from the reference. */
function buildQuantities(network: Network, reference: Reference) {
  const feeds = new Map<Node, Float64Array>();
  const feed = (key: string, dtype: 'float32' | 'int64' = 'float32'): Node => {
    const entry = reference.get(key);
    if (entry === undefined) throw new Error(`The reference has no ${key}.`);
    const node = input(key, entry.shape, dtype);
    feeds.set(node, entry.data);
    return node;
  };
  const parameters = network.parameterNodes();
  const names = Object.keys(parameters);
  const v = Object.values(parameters);
  for (const [index, name] of names.entries()) {
    feeds.set(v[index] as Node, Float64Array.from(network.parameters.get(name)?.value.data ?? []));
  }
  const u = feed('u');
  const [gamma, lambda] = [feed('gamma'), feed('lambda')];
  const nu = names.map((name) => feed(`nu/${name}`));

  const logitsTrain = network.apply(feed('x_train'), parameters);
  const logitsVal = network.apply(feed('x_val'), parameters);
  const weights = div(add(tanh(u), 1), 2);
  const g = div(reduceSum(mul(weights, crossEntropy(logitsTrain, feed('y_train', 'int64')))), reduceSum(weights));
  const f = mean(crossEntropy(logitsVal, feed('y_val', 'int64')));
  const gradVg = gradient(g, v);
  const q = gradVg.map((each, index) => add(mul(gamma, each), nu[index] as Node));
  const penalty = add(add(f, inner(nu, gradVg)), add(mul(div(gamma, 2), sumOfSquares(gradVg)), mul(lambda, g)));
  const perParameter = (key: string, nodes: readonly Node[]): [string, Node][] =>
    nodes.map((node, index) => [`${key}/${names[index]}`, node]);
  const [penaltyU, ...penaltyV] = gradient(penalty, [u, ...v]);
  const quantities = new Map<string, Node>([
    ['logits_train', logitsTrain],
    ['logits_val', logitsVal],
    ['f', f],
    ['g', g],
    ['penalty', penalty],
    ['grad_u_g', gradient(g, [u])[0] as Node],
    ...perParameter('grad_v_f', gradient(f, v)),
    ...perParameter('grad_v_g', gradVg),
    ...perParameter('hvp_v', hessianVectorProduct(gradVg, v, q)),
    ['hvp_u', mixedJacobianVectorProduct(gradVg, [u], q)[0] as Node],
    ['penalty_grad_u', penaltyU as Node],
    ...perParameter('penalty_grad_v', penaltyV),
  ]);
  return { quantities, feeds };
}

/**
 * Relative errors in the 2-norm of everything in the reference but its inputs, by quantity: all tensors of `grad_v_g/...`
 * are one quantity. Logits are measured by their largest entry instead.
 */
export function referenceErrors(network: Network, reference: Reference): Map<string, number> {
  const { quantities, feeds } = buildQuantities(network, reference);
  const values = evaluate([...quantities.values()], feeds);
  const groups = new Map<string, { error: number; norm: number }>();
  for (const [index, key] of [...quantities.keys()].entries()) {
    const [group = key] = key.split('/');
    const [actual, expected] = [values[index] ?? [], reference.get(key)?.data];
    if (expected?.length !== actual.length) throw new Error(`${key} has ${actual.length} elements.`);
    const sums = groups.get(group) ?? { error: 0, norm: 0 };
    groups.set(group, sums);
    for (const [position, value] of expected.entries()) {
      const difference = Math.abs(value - (actual[position] ?? Number.NaN));
      if (group.startsWith('logits')) {
        sums.error = Math.max(sums.error, difference);
        sums.norm = Math.max(sums.norm, Math.abs(value));
      } else {
        sums.error = Math.hypot(sums.error, difference);
        sums.norm = Math.hypot(sums.norm, value);
      }
    }
  }
  return new Map([...groups].map(([group, { error, norm }]) => [group, error / norm]));
}
