import { type AugmentOptions, augment, type BilevelProblem, bilevelProblem, feed } from '../../../bilevel/index.js';
import {
  add,
  crossEntropy,
  equal,
  exp,
  mul,
  type Node,
  reduceSum,
  reshape,
  slice,
  square,
  where,
} from '../../../graph/index.js';
import type { Network } from '../../../onnx/index.js';
import { Tensor } from '../../../tensor.js';
import type { CrossFitted } from '../cross-fitting.js';
import type { DenoisingData } from '../data.js';
import { type Decay, penalized } from '../trainer.js';

/**
 * Parts that samples are dealt out to, and networks that are each judged by one part and trained on the others: on
 * nearly as many samples as the network of the run, because fewer ones want more decay.
 */
export const dealt = { folds: 8, networks: 2 } as const;

/**
 * Weight decay, one coefficient for each weight of the network, learned by cross-fitting. v holds H networks, each of
 * which is judged by one of K folds of the samples and trained on the others:
 *
 *     min over u  K / H sum_h L_h(v*_h)
 *     v*_h = argmin over v_h  K / (K - 1) sum_{k != h} L_k(v_h) + sum_p exp(u_p) / 2 |v_hp|^2
 *     L_k(v) = [ sum_j CE_j(v) + sum_i t_i CE_i(v) ] / (m + sum_i t_i)     j, i in fold k
 *
 * j are the m validation samples, i the training samples and t_i how far their labels are trusted. The sums are taken
 * by mini-batches. Augmentation changes the images of g, and not of f, which judges.
 */
export function decayProblem(
  network: Network,
  { train, validation }: DenoisingData,
  trust: Float64Array,
  start: Pick<CrossFitted, 'parameters' | 'trainFolds' | 'validationFolds'> & {
    readonly decay: Decay;
  },
  {
    batch,
    seed,
    augmentation,
  }: { readonly batch: number; readonly seed: number; readonly augmentation?: AugmentOptions | undefined },
): BilevelProblem {
  const { folds } = dealt;
  const [n, m] = [train.labels.size, validation.labels.size];
  const total = m + trust.reduce((sum, each) => sum + each, 0);
  const names = Object.keys(network.initialParameters());
  const decayed = penalized(network.initialParameters());
  const floats = (values: ArrayLike<number>): Tensor<'float32'> => Tensor.from(Float32Array.from(values));
  const feeds = {
    train: feed(
      { x: train.inputs, y: train.labels, trust: floats(trust), fold: floats(start.trainFolds) },
      { batch: Math.min(batch, n), seed },
    ),
    validation: feed(
      { x: validation.inputs, y: validation.labels, fold: floats(start.validationFolds ?? new Int32Array(m).fill(-1)) },
      { batch: Math.min(batch, m), seed },
    ),
  };
  const parametersOf = (v: Readonly<Record<string, Node>>, h: number): Record<string, Node> =>
    Object.fromEntries(names.map((name) => [name, v[`${h}/${name}`] as Node]));
  const networks = Array.from(start.parameters.keys());
  const sum = (nodes: readonly Node[]): Node => nodes.reduce((partial, each) => add(partial, each));
  type Rows = Readonly<Record<'x' | 'y' | 'fold', Node>> & { readonly trust?: Node };
  /**
   * The losses of one network, each by its trust and the weight of its fold, as a share of all samples of both sets.
   */
  const cost = (
    parameters: Readonly<Record<string, Node>>,
    rows: Rows,
    count: number,
    weight: (fold: Node) => Node,
    key: Node,
  ): Node => {
    const weights = weight(rows.fold);
    const losses = crossEntropy(network.apply(rows.x, parameters, { key }), rows.y);
    const { trust }: Rows = { ...rows };
    const chosen = reduceSum(mul(trust === undefined ? weights : mul(weights, trust), losses));
    return mul(count / ((rows.fold.shape[0] ?? 1) * total), chosen);
  };
  return bilevelProblem({
    upper: { logDecay: Tensor.from(decayed.map((name) => Math.log(start.decay[name] ?? 1))) },
    lower: Object.fromEntries(
      start.parameters.flatMap((parameters, h) => names.map((name) => [`${h}/${name}`, parameters[name] as Tensor])),
    ),
    feeds,
    seed,
    f: ({ v, train: rows, validation: clean, key }) =>
      sum(
        networks.flatMap((h) => {
          const judging = (fold: Node): Node => where(equal(fold, h), folds / networks.length, 0);
          return [cost(parametersOf(v, h), clean, m, judging, key), cost(parametersOf(v, h), rows, n, judging, key)];
        }),
      ),
    g: ({ u, v, train, validation, key }) => {
      const seen = <R extends Rows>(rows: R): R =>
        augmentation === undefined ? rows : { ...rows, x: augment(rows.x, key, augmentation) };
      const [rows, clean] = [seen(train), seen(validation)];
      return sum(
        networks.flatMap((h) => {
          const parameters = parametersOf(v, h);
          const training = (fold: Node): Node => where(equal(fold, h), 0, folds / (folds - 1));
          const decays = decayed.map((name, at) => {
            const coefficient = exp(reshape(slice(u.logDecay, { starts: [at], limits: [at + 1] }), []));
            return mul(mul(0.5, coefficient), reduceSum(square(parameters[name] as Node)));
          });
          return [cost(parameters, clean, m, training, key), cost(parameters, rows, n, training, key), ...decays];
        }),
      );
    },
  });
}
