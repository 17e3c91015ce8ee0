import { type BilevelProblem, type FeedInputs, feedBinding, isResident } from '../bilevel/index.js';
import { EpisodeSampler } from '../data/samplers/episodes.js';
import { full } from '../data/samplers/full.js';
import { shuffled } from '../data/samplers/shuffled.js';
import { isOp, type Node, topologicalOrder } from '../graph/index.js';
import { Batches } from '../solvers/machine/batches.js';
import type { Tensor } from '../tensor.js';

/** Most rows of a mini-batch: enough for a derivative to be wrong on, few enough for float64. */
const mostRows = 8;

type Tensors = Readonly<Record<string, Tensor>>;

/**
 * A problem on mini-batches of a few rows, and what its nodes are there.
 * @param at the variables, by binding name
 */
export async function smallBatch(
  stated: BilevelProblem,
  at: Tensors,
): Promise<{ readonly problem: BilevelProblem; readonly feeds: ReadonlyMap<Node, Float64Array> }> {
  const few = stated.feeds.filter(isResident).flatMap(({ name, feed }) => {
    const isPart = feed.sampler === shuffled || feed.sampler === full;
    if (!isPart || feed.size <= mostRows) return [];
    return [[name, { ...feed, batch: Math.min(mostRows, feed.batch ?? feed.size), sampler: shuffled }] as const];
  });
  const problem = few.length === 0 ? stated : stated.withFeeds(Object.fromEntries(few));
  using batches = new Batches(problem);
  const all = new Set(
    problem.feeds.flatMap(({ name, rows }) => ['index', ...Object.keys(rows)].map((each) => feedBinding(name, each))),
  );
  const drawn = await batches.draw(batches.initialSamplers(), 0, all);
  const feeds = new Map<Node, Float64Array>([[problem.key, Float64Array.from([problem.seed, 0])]]);
  for (const inputs of problem.feeds) for (const [node, values] of rowsOf(inputs, drawn)) feeds.set(node, values);
  for (const [level, variables] of Object.entries({ u: problem.upper, v: problem.lower })) {
    for (const { name, value, index } of variables) {
      const tensor = at[`${level}/${name}`];
      if (tensor === undefined) throw new RangeError(`There is no tensor ${level}/${name}.`);
      feeds.set(value, index === undefined ? elements(tensor) : pick(tensor, feeds.get(index) ?? new Float64Array()));
    }
  }
  // Of a sampler with nodes of its own, such as episodes, whole arrays are read.
  for (const node of topologicalOrder([problem.f, problem.g], (each) => feeds.has(each))) {
    if (feeds.has(node) || !isOp(node, 'input')) continue;
    const tensor = batches.arrays[node.attributes.name];
    if (tensor !== undefined) feeds.set(node, elements(tensor));
  }
  return { problem, feeds };
}

const elements = (tensor: Tensor): Float64Array => Float64Array.from(tensor.toArray());

/** Rows of a tensor, one after the other. */
function pick({ data, shape: [count = 1] }: Tensor, rows: Float64Array): Float64Array {
  const width = data.length / count;
  const picked = new Float64Array(rows.length * width);
  for (const [place, row] of rows.entries()) {
    for (let column = 0; column < width; column++) picked[place * width + column] = Number(data[row * width + column]);
  }
  return picked;
}

/** What the nodes of a feed are on the mini-batch that was drawn: its own rows also where costs see them augmented. */
function rowsOf(inputs: FeedInputs, drawn: Tensors): [Node, Float64Array][] {
  const { name, rows } = inputs;
  if (!isResident(inputs)) {
    return Object.entries(rows).map(([array, node]) => [node, elements(drawn[feedBinding(name, array)] as Tensor)]);
  }
  const { feed, index } = inputs;
  const numbers =
    feed.batch === undefined
      ? Float64Array.from({ length: feed.size }, (_, row) => row)
      : elements(drawn[feedBinding(name, 'index')] as Tensor);
  const given: [Node, Float64Array][] = [[index, numbers]];
  if (feed.sampler instanceof EpisodeSampler) return given;
  for (const [array, tensor] of Object.entries(feed.arrays)) {
    const node = rows[array];
    if (node !== undefined) given.push([node, pick(tensor, numbers)]);
  }
  return given;
}
