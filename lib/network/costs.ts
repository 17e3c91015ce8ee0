import { invalidArgument } from '../errors.js';
import { crossEntropy, mean, mul, type Node, reshape, square, sub } from '../graph/index.js';
import { elementCount, formatType, type TensorType } from '../tensor.js';
import { sampleWeight, weightedMean } from './importance.js';

/** How an output is judged: as logits, by the squared distance from a target, or as a loss that it is already. */
export const losses = ['crossEntropy', 'squares', 'value'] as const;
export type Loss = (typeof losses)[number];

/** What is minimised of an output. */
export interface OutputCost {
  readonly loss: Loss;
  /** What an output is compared with: labels [batch], or a tensor of the output's type. */
  readonly target: TensorType | undefined;
  /** Whether each of at least two samples has a loss of its own. */
  readonly perSample: boolean;
}

/**
 * The cost of an output for `batch` samples: that of logits for a matrix with a row per sample and at least two
 * columns, the output itself for a single number, else squares. Undefined for integers and bools, which have no
 * derivative.
 * @param wanted the loss to use instead
 * @throws INVALID_ARGUMENT when the output does not fit the loss that is wanted
 */
export function costOfOutput(output: TensorType, batch: number, wanted?: Loss): OutputCost | undefined {
  if (output.dtype !== 'float32' || elementCount(output.shape) === 0) return undefined;
  const [rows, classes = 0] = output.shape;
  const isLogits = output.shape.length === 2 && rows === batch && classes > 1;
  const isNumber = elementCount(output.shape) === 1;
  if ((wanted === 'crossEntropy' && !isLogits) || (wanted === 'value' && !isNumber)) {
    const expected = wanted === 'value' ? 'a single number' : `logits float32[${batch}, classes]`;
    throw invalidArgument(`the loss ${wanted}`, `an output of ${expected}`, formatType(output));
  }
  const isLoss = isNumber && (output.shape.length === 0 || batch > 1);
  const loss = wanted ?? (isLogits ? 'crossEntropy' : isLoss ? 'value' : 'squares');
  const target: Record<Loss, TensorType | undefined> = {
    crossEntropy: { dtype: 'int64', shape: [batch] },
    squares: output,
    value: undefined,
  };
  return { loss, target: target[loss], perSample: loss !== 'value' && rows === batch && batch > 1 };
}

/** The loss of every sample, [batch], or where these have none of their own that of all. */
function lossesOf({ loss, perSample }: OutputCost, output: Node, target: Node | undefined): Node {
  if (loss === 'value' || target === undefined) return reshape(output, []);
  const each = loss === 'crossEntropy' ? crossEntropy(output, target) : square(sub(output, target));
  if (!perSample) return mean(each);
  return each.shape.length === 1
    ? each
    : mean(
        each,
        each.shape.slice(1).map((_, axis) => axis + 1),
      );
}

/** The mean loss of a batch: f. */
export function meanLoss(cost: OutputCost, output: Node, target: Node | undefined): Node {
  const each = lossesOf(cost, output, target);
  return cost.perSample ? mean(each) : each;
}

/**
 * The loss of a batch by importance: g. Samples with a loss of their own are averaged with their weights, u [batch];
 * without, the weight of one u [] multiplies the loss.
 */
export function importanceLoss(cost: OutputCost, output: Node, target: Node | undefined, u: Node): Node {
  const each = lossesOf(cost, output, target);
  return cost.perSample ? weightedMean(each, u) : mul(sampleWeight(u), each);
}
