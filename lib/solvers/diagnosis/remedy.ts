import { labelsOf, type Node } from '../../graph/index.js';
import type { CauseKind, OperandRange } from './non-finite.js';
import { isProbability, type Source } from './operation.js';

export interface Judgement {
  readonly kind: CauseKind;
  /** What went wrong, as the end of a sentence. */
  readonly reason: string;
  /** What to do about it. */
  readonly remedy: string;
}

const probabilities =
  'Write it from the logits: log(sigmoid(x)) as neg(softplus(neg(x))), log(1 - sigmoid(x)) as neg(softplus(x)), the log of a ' +
  'softmax as logSoftmax or crossEntropy.';

const remedies: Readonly<Record<Exclude<CauseKind, 'divergence' | 'label' | 'saturation'>, string>> = {
  log:
    'Keep its argument above 0, as in log(maximum(x, 1e-30)), or choose what it is taken of, as in ' +
    'mul(w, log(where(greater(w, 0), w, 1))) for w log w.',
  root:
    'Write the root of a sum of squares as norm(x, axes), whose derivative at 0 is 0, or keep what the root is taken of above ' +
    '0, as in sqrt(maximum(x, 1e-12)).',
  division:
    'Keep the divisor away from 0, as in div(a, maximum(b, 1e-12)), or choose it before dividing, as in ' +
    'div(a, where(equal(b, 0), 1, b)).',
  power: 'Keep its base above 0, as in pow(maximum(x, 1e-6), p): at 0 a power below 1 has an infinite derivative.',
  exponential:
    'exp leaves float32 above 88.7. Take the largest argument off first, as logSumExp, softmax and crossEntropy do, write ' +
    'log(1 + exp(x)) as softplus(x), or bound the argument.',
  given: 'Go on from a state saved before, or correct what holds it.',
  overflow: 'float32 ends at 3.4e38: scale the data, the cost or the penalty down.',
};

/**
 * Why an operation on finite operands is not finite.
 * @param label that a cross-entropy was given
 */
export function judge(node: Node, source: Source, operands: readonly OperandRange[], label?: number): Judgement {
  const [a = Number.NaN, b = Number.NaN] = operands.map(({ element = Number.NaN }) => Number(element.toPrecision(6)));
  const { kind, reason } = judged(node, source, a, b, label);
  if (kind === 'label') return { kind, reason, remedy: labelRemedy };
  if (kind === 'saturation') return { kind, reason, remedy: probabilities };
  return { kind, reason, remedy: remedies[kind] };
}

const labelRemedy =
  'Correct the labels, or give those that mark padding as crossEntropy(logits, labels, { ignoreIndex }).';

function judged(
  node: Node,
  { of, derivative }: Source,
  a: number,
  b: number,
  label: number | undefined,
): { kind: Exclude<CauseKind, 'divergence'>; reason: string } {
  const [first, second] = node.inputs;
  switch (node.op) {
    case 'input':
      return { kind: 'given', reason: 'it was not finite before the step' };
    case 'log':
      if (isProbability(first)) return { kind: 'saturation', reason: `log(${a}) of a rounded probability` };
      return { kind: 'log', reason: `log(${a})` };
    case 'sqrt':
      return { kind: 'root', reason: `sqrt(${a})` };
    case 'exp':
      return { kind: 'exponential', reason: `exp(${a})` };
    case 'pow':
      return { kind: a <= 0 ? 'power' : 'overflow', reason: `pow(${a}, ${b})` };
    case 'div': {
      const reason = `${a} / ${b}`;
      if (b !== 0) return { kind: 'overflow', reason };
      if (derivative > 0 && of === 'sqrt') return { kind: 'root', reason };
      if (derivative > 0 && of === 'log') return { kind: isProbability(second) ? 'saturation' : 'log', reason };
      return { kind: 'division', reason };
    }
    case 'where': {
      const labelled = labelsOf(node);
      if (labelled === undefined) return { kind: 'given', reason: 'the choice of a constant that is not finite' };
      return {
        kind: 'label',
        reason: `crossEntropy of the label ${label} where there are the classes 0 to ${labelled.classes - 1}`,
      };
    }
    case 'add':
    case 'sub':
    case 'mul': {
      const sign = { add: '+', sub: '-', mul: '*' }[node.op];
      const kind = Number.isFinite(a) && Number.isFinite(b) ? 'overflow' : 'given';
      return { kind, reason: `${a} ${sign} ${b}` };
    }
    default:
      return { kind: 'overflow', reason: `${node.op} beyond float32` };
  }
}
