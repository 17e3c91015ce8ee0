import { type BilevelProblem, bilevelProblem, feed, sets } from '../../bilevel/index.js';
import { SparseRows } from '../../data/sparse-rows.js';
import {
  add,
  concat,
  constant,
  crossEntropy,
  div,
  exp,
  gather,
  logSoftmax,
  mean,
  mul,
  type Node,
  neg,
  reduceSum,
  reshape,
  type SparseNodes,
  sigmoid,
  square,
  sub,
} from '../../graph/index.js';
import type { Parameters } from '../../network/classifier.js';
import { applyToRows } from '../../network/sparse-inputs.js';
import type { Network } from '../../onnx/index.js';
import { Tensor } from '../../tensor.js';
import { changedImages, changeNames, sharesOfLoss } from './augmentation.js';
import { type Facts, type HyperparameterName, hyperparameters, isOfSteps } from './hyperparameters.js';
import { atOffsets, numberAt, offsetsFrom } from './offsets.js';
import type { TuningSamples } from './samples.js';

type Nodes = Readonly<Record<string, Node>>;

/** The upper variables of the hyperparameters that are tuned, by name, where they start. */
export function firstHyperparameters(
  tuned: readonly HyperparameterName[],
  facts: Facts,
): Record<string, Tensor<'float32'>> {
  return Object.fromEntries(tuned.map((name) => [name, Tensor.from(hyperparameters[name].start(facts))]));
}

/**
 * Hyperparameters of a training as upper variables u:
 *
 *     min over u  mean CE(validation; v*) + 1 / (2 n d^2) sum_kinds sum_j (u_j - mean u)^2
 *     v* = argmin over v  mean_i w(y_i) ((1 - s) CE_i + s mean_c CE_i,c) + 1/2 sum_k c_k v_k^2
 *
 * w are the weights of the classes, s is the smoothing of labels, CE_i,c the cross-entropy if the label were c, and c_k
 * the decay of each parameter: that of its array, or of its input. The last term of f is minus the logarithm of a
 * normal distribution of the numbers of a kind about their mean, with the deviation d, divided by the n validation
 * samples: numbers differ where the samples say so, and not because there are more of them than samples. Where images
 * are changed at random, CE_i is what the images of a sample have, by the share of each.
 *
 * Learning rates r_k and factors s_k of the first parameters p_k belong to a training of so many steps: in place of its
 * parameters v then are offsets z from 0, and the parameters s_k p_k + sqrt(r_k) z_k. A step of z by 1 along grad_z g
 * is one of each parameter by its rate.
 * @param batch samples of a mini-batch of either set; all by default
 * @param start parameters where v starts; those of the network by default
 * @param spread d
 */
export function tuningProblem(
  network: Network,
  { train, validation }: { readonly train: TuningSamples; readonly validation: TuningSamples },
  tuned: readonly HyperparameterName[],
  facts: Facts,
  {
    seed,
    batch = Number.POSITIVE_INFINITY,
    start = network.initialParameters(),
    spread,
  }: { readonly spread: number; readonly seed: number; readonly batch?: number; readonly start?: Parameters },
): BilevelProblem {
  const part = ({ inputs, labels }: TuningSamples) =>
    feed({ x: inputs, y: labels }, { seed, ...(batch < labels.size && { batch }) });
  const ofSteps = isOfSteps(tuned);
  const parametersAt = (v: Nodes, u: Nodes): Nodes => (ofSteps ? atOffsets(v, u, facts) : v);
  const columns = train.inputs instanceof SparseRows ? train.inputs.columns : 0;
  const logitsOf = (x: Node | SparseNodes, parameters: Nodes, key: Node): Node =>
    applyToRows(network, x, columns, parameters, { key });
  return bilevelProblem({
    upper: firstHyperparameters(tuned, facts),
    lower: ofSteps ? offsetsFrom(start) : start,
    feeds: { train: part(train), validation: part(validation) },
    sets: { upper: Object.fromEntries(tuned.map((name) => [name, sets.box(...hyperparameters[name].range)])) },
    f: ({ u, v, validation: { x, y }, key }) =>
      add(
        mean(crossEntropy(logitsOf(x, parametersAt(v, { ...u }), key), y)),
        mul(1 / (2 * validation.labels.size * spread ** 2), differences(u)),
      ),
    g: ({ u: stated, v, train: { x, y }, key }) => {
      // A plain record: kinds that are not tuned are asked for, too.
      const u: Nodes = { ...stated };
      const parameters = parametersAt(v, u);
      const seen = u.augmentation === undefined ? x : changedImages(x, key);
      const loss = trainingLoss(logitsOf(seen, parameters, key), y, u, facts);
      return add(loss, mul(0.5, decayTerm(parameters, u, facts)));
    },
    seed,
  });
}

function trainingLoss(logits: Node, y: Node, u: Nodes, { counts }: Facts): Node {
  const { 'class-weights': weights, 'label-smoothing': smoothing, augmentation } = u;
  const ways = augmentation === undefined ? 1 : 1 + changeNames.length;
  const given = crossEntropy(logits, concat(new Array<Node>(ways).fill(y), 0));
  const all = smoothing === undefined ? given : smoothed(given, logits, reshape(sigmoid(smoothing), []));
  const losses =
    augmentation === undefined
      ? all
      : reduceSum(mul(sharesOfLoss(augmentation), reshape(all, [ways, y.shape[0] ?? 0])), [0]);
  if (weights === undefined) return mean(losses);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const shares = constant(
    counts.map((count) => count / total),
    [counts.length],
  );
  const scaled = div(exp(weights), reduceSum(mul(shares, exp(weights))));
  return mean(mul(gather(scaled, y), losses));
}

/** (1 - s) CE + s mean_c CE_c */
const smoothed = (given: Node, logits: Node, share: Node): Node =>
  add(mul(sub(1, share), given), mul(share, neg(mean(logSoftmax(logits, 1), [1]))));

function decayTerm(v: Nodes, u: Nodes, { arrays, first, decay }: Facts): Node {
  const { l2, 'feature-l2': ofInputs } = u;
  const terms = Object.entries(v).map(([name, array]) => {
    const at = arrays.indexOf(name);
    if (at < 0 && ofInputs !== undefined && first !== undefined) {
      const { axis, size } = first;
      return mul(reshape(exp(ofInputs), axis === 0 ? [size, 1] : [1, size]), square(array));
    }
    const coefficient = l2 === undefined ? decay : exp(numberAt(l2, at));
    return mul(coefficient, square(array));
  });
  return terms.map((term) => reduceSum(term)).reduce(add);
}

/** Squares of how much the numbers of each kind differ from their mean. */
const differences = (u: Nodes): Node =>
  Object.values(u)
    .map((each) => reduceSum(square(sub(each, mean(each)))))
    .reduce(add);
