import { type AugmentOptions, augment, type BilevelProblem, bilevelProblem, feed } from '../../../bilevel/index.js';
import {
  add,
  crossEntropy,
  exp,
  mul,
  type Node,
  reduceSum,
  reshape,
  slice,
  square,
  sub,
} from '../../../graph/index.js';
import type { Network } from '../../../onnx/index.js';
import { Tensor } from '../../../tensor.js';
import type { CrossFitted } from '../cross-fitting.js';
import type { DenoisingData } from '../data.js';
import { type Decay, penalized } from '../trainer.js';

/** Parts that samples are dealt out to: each network is judged by one and trained on the other. */
export const halves = 2;

/**
 * Weight decay, one coefficient for each weight of the network, learned by cross-fitting. v holds two networks, each of
 * which is judged by the half of the samples that it was not trained on:
 *
 *     min over u  sum_h L_h(v*_h)     v*_h = argmin over v_h  2 L_{1-h}(v_h) + sum_p exp(u_p) / 2 |v_hp|^2     h = 0, 1
 *     L_h(v) = [ sum_j CE_j(v) + sum_i t_i CE_i(v) ] / (m + sum_i t_i)     j, i in half h
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
  const [n, m] = [train.labels.size, validation.labels.size];
  const total = m + trust.reduce((sum, each) => sum + each, 0);
  const names = Object.keys(network.initialParameters());
  const decayed = penalized(network.initialParameters());
  const floats = (values: ArrayLike<number>): Tensor<'float32'> => Tensor.from(Float32Array.from(values));
  const feeds = {
    train: feed(
      { x: train.inputs, y: train.labels, trust: floats(trust), half: floats(start.trainFolds) },
      { batch: Math.min(batch, n), seed },
    ),
    validation: feed(
      { x: validation.inputs, y: validation.labels, half: floats(start.validationFolds ?? new Int32Array(m)) },
      { batch: Math.min(batch, m), seed },
    ),
  };
  const parametersOf = (v: Readonly<Record<string, Node>>, half: number): Record<string, Node> =>
    Object.fromEntries(names.map((name) => [name, v[`${half}/${name}`] as Node]));
  const eachHalf = [0, 1];
  const sum = (nodes: readonly Node[]): Node => nodes.reduce((partial, each) => add(partial, each));
  type Rows = Readonly<Record<'x' | 'y' | 'half', Node>> & { readonly trust?: Node };
  /** The losses of one network on the rows of a half, each by its trust, as a share of all samples of both sets. */
  const cost = (
    parameters: Readonly<Record<string, Node>>,
    rows: Rows,
    count: number,
    half: number,
    key: Node,
  ): Node => {
    const within = half === 1 ? rows.half : sub(1, rows.half);
    const losses = crossEntropy(network.apply(rows.x, parameters, { key }), rows.y);
    const chosen = reduceSum(mul(rows.trust === undefined ? within : mul(within, rows.trust), losses));
    return mul(count / ((rows.half.shape[0] ?? 1) * total), chosen);
  };
  return bilevelProblem({
    upper: { logDecay: Tensor.from(decayed.map((name) => Math.log(start.decay[name] ?? 1))) },
    lower: Object.fromEntries(
      eachHalf.flatMap((half) => names.map((name) => [`${half}/${name}`, start.parameters[half]?.[name] as Tensor])),
    ),
    feeds,
    seed,
    f: ({ v, train: rows, validation: clean, key }) =>
      sum(
        eachHalf.flatMap((half) => [
          cost(parametersOf(v, half), clean, m, half, key),
          cost(parametersOf(v, half), rows, n, half, key),
        ]),
      ),
    g: ({ u, v, train, validation, key }) => {
      const seen = <R extends Rows>(rows: R): R =>
        augmentation === undefined ? rows : { ...rows, x: augment(rows.x, key, augmentation) };
      const [rows, clean] = [seen(train), seen(validation)];
      return sum(
        eachHalf.flatMap((half) => {
          const parameters = parametersOf(v, half);
          const decays = decayed.map((name, at) => {
            const coefficient = exp(reshape(slice(u.logDecay, { starts: [at], limits: [at + 1] }), []));
            return mul(mul(0.5, coefficient), reduceSum(square(parameters[name] as Node)));
          });
          return [
            mul(2, cost(parameters, clean, m, 1 - half, key)),
            mul(2, cost(parameters, rows, n, 1 - half, key)),
            ...decays,
          ];
        }),
      );
    },
  });
}
