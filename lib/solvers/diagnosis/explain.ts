import type { FeedInputs } from '../../bilevel/index.js';
import type { Device } from '../../engine/index.js';
import { isOp, labelsOf, type Node, topologicalOrder } from '../../graph/index.js';
import { type Tensor, unravel } from '../../tensor.js';
import type { Level } from '../machine/level.js';
import { evaluation } from './evaluation.js';
import { runningAway, short, tellGrowth } from './growth.js';
import type { NonFiniteCause, OperandRange } from './non-finite.js';
import { rangesOf, type Source, sourceOf } from './operation.js';
import { judge } from './remedy.js';
import type { Finding } from './stepwise.js';
import { lowerTo, type TooFast, tellTooFast } from './too-fast.js';
import { type Culprit, trace } from './trace.js';

/** What a solver tells of itself to those who look for a cause. */
export interface Surroundings {
  readonly device: Device;
  readonly feeds: readonly FeedInputs[];
  readonly levels: readonly Level[];
  /** The levels whose plain steps are too long for the curvature of g where a run starts. */
  readonly tooFast?: () => Promise<readonly TooFast[]>;
}

interface State {
  readonly tensors: Readonly<Record<string, Tensor>>;
}

/**
 * The cause of a finding, and the sentences that tell it; undefined when nothing but constants is not finite, which
 * somebody has meant.
 */
export async function explain(
  { phase, root, tensors }: Finding,
  state: State,
  { device, feeds, levels, tooFast }: Surroundings,
): Promise<{ readonly cause: NonFiniteCause; readonly text: string } | undefined> {
  const evaluate = evaluation(device, tensors, phase.perStep);
  const culprit = await trace(evaluate, root);
  if (culprit === undefined) return undefined;
  const { node, position, result } = culprit;
  const source = sourceOf(node);
  const operands = rangesOf(culprit);
  const labelled = labelsOf(node);
  const [labels] = labelled === undefined ? [] : await evaluate([labelled.labels]);
  const judged = judge(node, source, operands, labels && Number(labels.data[position]));
  const tensorOf = (binding: string): Tensor | undefined => tensors[binding] ?? state.tensors[binding];
  const growths = await runningAway(levels, tensorOf, device.memory);
  const used = new Set(topologicalOrder([node]));
  const stepped = judged.kind === 'overflow' ? levels.find(({ stepSize }) => used.has(stepSize.node)) : undefined;
  const grown = growths.length > 0 || stepped === undefined ? growths.map(({ level }) => level) : [stepped];
  const diverged = judged.kind === 'label' ? [] : grown;
  // What is too fast may not have grown itself, but thrown another level far.
  const fast = diverged.length === 0 ? [] : ((await tooFast?.()) ?? []);
  const { kind, remedy } =
    diverged.length === 0 ? judged : { kind: 'divergence' as const, remedy: remedyFor(diverged, fast) };
  const value = Number(result.data[position]);
  const element = unravel(position, result.shape);
  const sample = sampleOf(culprit, element, feeds, levels, tensors);
  const cause: NonFiniteCause = {
    kind,
    operation: node.op,
    ...source,
    value,
    element,
    ...(sample && { sample }),
    operands,
    remedy,
  };
  const grew = growths.length === 0 || diverged.length === 0 ? '' : tellGrowth(growths);
  const evidence = [grew, tellTooFast(fast)].filter(Boolean).map((sentence) => ` ${sentence}`);
  return { cause, text: `${tell(node, cause, source, judged.reason)}${evidence.join('')} ${remedy}` };
}

/** What to do when levels run away: lower what is known to be too fast, or else any of them. */
export const remedyFor = (levels: readonly Level[], fast: readonly TooFast[]): string =>
  fast.length > 0 ? lowerTo(fast) : `Lower ${[...new Set(levels.map(({ rateOption }) => rateOption))].join(' or ')}.`;

function tell(
  node: Node,
  cause: NonFiniteCause,
  { of, derivative, writtenIn, place, modelNode }: Source,
  reason: string,
): string {
  const { value, element, sample, operands, operation } = cause;
  const order = ['', 'The derivative of ', 'A second derivative of '][Math.min(derivative, 2)] ?? '';
  const written = [
    modelNode === undefined ? '' : ` of ${modelNode}`,
    writtenIn === undefined ? " in the method's own steps" : ` in ${writtenIn}`,
    place === undefined ? '' : ` (${place})`,
  ].join('');
  const what = isOp(node, 'input') ? node.attributes.name : `${order}${derivative === 0 ? operation : of}${written}`;
  const where = element.length === 0 ? '' : ` at element [${element.join(', ')}]`;
  const whose = sample === undefined ? '' : `, row ${sample.row} of the feed ${sample.feed}`;
  const ranges = operands.filter(({ shape }) => shape.length > 0).map(tellRange);
  const within = ranges.length === 0 ? '' : ` Its operands are ${ranges.join('; ')}.`;
  return `${what} gives ${value}${where}${whose}: ${reason}.${within}`;
}

function tellRange({ name, shape, least, largest, nans }: OperandRange): string {
  const unknown = nans === 0 ? '' : ` with ${nans} NaN`;
  return `${name} [${shape.join(', ')}] from ${short(least)} to ${short(largest)}${unknown}`;
}

/**
 * The sample that an element belongs to: where the result has as many rows as the batch of the one feed that it is
 * computed of, and no variable has an axis of that length which the rows could be as well.
 */
function sampleOf(
  { node }: Culprit,
  [row]: readonly number[],
  feeds: readonly FeedInputs[],
  levels: readonly Level[],
  tensors: Readonly<Record<string, Tensor>>,
): NonFiniteCause['sample'] {
  const used = new Set(topologicalOrder([node]));
  const [read, ...others] = feeds.filter(({ rows }) => Object.values(rows).some((each) => used.has(each)));
  const batch = read?.index?.shape[0];
  if (read === undefined || others.length > 0 || batch === undefined) return undefined;
  if (row === undefined || node.shape[0] !== batch) return undefined;
  const isAmbiguous = ({ nodes, rowBindings }: Level): boolean =>
    rowBindings.length === 0 && nodes.some(({ shape }) => shape.includes(batch));
  if (levels.some(isAmbiguous)) return undefined;
  const index = tensors[`data.${read.name}/index`];
  return { feed: read.name, row: index === undefined ? row : Number(index.data[row]) };
}
