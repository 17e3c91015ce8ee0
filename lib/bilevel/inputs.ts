import { EpisodeSampler } from '../data/samplers/episodes.js';
import { checkRecord, invalidArgument } from '../errors.js';
import {
  constant,
  gather,
  input,
  iota,
  type Node,
  reshape,
  type SparseNodes,
  shardable,
  slice,
} from '../graph/index.js';
import type { Tensor } from '../tensor.js';
import { augmented } from './augment.js';
import { type AnyFeed, type ResidentFeed, sparseArrays } from './feed.js';
import { named } from './named.js';
import type { StreamFeed } from './stream.js';

type Nodes = Readonly<Record<string, Node>>;
type RowNodes = Readonly<Record<string, Node | SparseNodes>>;

interface CommonInputs {
  readonly name: string;
  /** Inputs that change with the mini-batch. */
  readonly drawn: readonly Node[];
  /** All nodes that hold rows of the batch: under the arrays' names, and `index`; the extents of sparse ones. */
  readonly rows: Nodes;
  /** What costs see: the rows, with the entries of sparse ones, or of episodes the rows of each set. */
  readonly seen: RowNodes | Readonly<Record<'support' | 'query', Nodes>>;
}

/** Resident data in the graph of a problem. */
export interface ResidentInputs extends CommonInputs {
  readonly feed: ResidentFeed;
  /** Row numbers of the present batch, int32; all rows in order when the feed has no batch. */
  readonly index: Node;
  /** Random key of the augmentation, int32 [2]; undefined when images are seen as they are. */
  readonly key: Node | undefined;
}

/** A stream of batches in the graph of a problem. */
export interface StreamInputs extends CommonInputs {
  readonly feed: StreamFeed;
  readonly index: undefined;
}

/** A feed in the graph of a problem. */
export type FeedInputs = ResidentInputs | StreamInputs;

/** Whether the data of a feed lie in memory, with numbered rows. */
export function isResident(inputs: FeedInputs): inputs is ResidentInputs {
  return inputs.index !== undefined;
}

/** The binding name of an array, or of the row numbers, of a feed. */
export function feedBinding(feed: string, array: string): string {
  return `data.${feed}/${array}`;
}

/** The rows of a batch as costs see them. */
function withEntries(name: string, { sparse }: ResidentFeed, rows: Nodes): RowNodes {
  const made = Object.entries(sparse).map(([array, { values, indices }]): [string, SparseNodes] => {
    const names = sparseArrays(array);
    const whole = (binding: string, { shape, dtype }: Tensor): Node => input(feedBinding(name, binding), shape, dtype);
    const entries = { values: whole(names.values, values), indices: whole(names.indices, indices) };
    return [array, Object.freeze({ ...entries, extents: rows[array] as Node })];
  });
  return Object.freeze({ ...rows, ...Object.fromEntries(made) });
}

export function stateFeeds(feeds: Readonly<Record<string, AnyFeed>>): readonly FeedInputs[] {
  checkRecord(feeds, 'feeds');
  return Object.entries(feeds).map(([name, feed]) => {
    if (['u', 'v', 'key'].includes(name) || name.includes('/')) {
      throw invalidArgument('the name of a feed', 'a name without / and other than u, v and key', name);
    }
    if (typeof feed !== 'object' || feed === null || !('batches' in feed || ('arrays' in feed && 'size' in feed))) {
      throw invalidArgument(`the feed ${name}`, 'what feed(arrays, options) returns', feed);
    }
    return 'batches' in feed ? streamInputs(name, feed) : residentInputs(name, feed);
  });
}

const namedRows = <R extends object>(feed: string, rows: R): R => named(rows, 'array', ` in the feed ${feed}`);

function streamInputs(name: string, feed: StreamFeed): StreamInputs {
  const entries = Object.entries(feed.types).map(
    ([array, { shape, dtype }]) => [array, input(feedBinding(name, array), shape, dtype)] as const,
  );
  const rows = Object.freeze(Object.fromEntries(entries.map(([array, node]) => [array, shardable(node)])));
  return { name, feed, index: undefined, drawn: entries.map(([, node]) => node), rows, seen: namedRows(name, rows) };
}

function residentInputs(name: string, feed: ResidentFeed): ResidentInputs {
  const wholes = Object.entries(feed.arrays).map(
    ([array, { shape, dtype }]) => [array, input(feedBinding(name, array), shape, dtype)] as const,
  );
  const key = Object.keys(feed.augment).length === 0 ? undefined : input(`key.${name}`, [2], 'int32');
  const keys = key === undefined ? [] : [key];
  const changed = (array: string, rows: Node): Node => {
    const augmentation = Object.hasOwn(feed.augment, array) ? feed.augment[array] : undefined;
    return augmentation === undefined || key === undefined ? rows : augmented(rows, key, augmentation);
  };
  if (feed.batch === undefined) {
    const index = shardable(iota(feed.size, 'int32'));
    const all = wholes.map(([array, whole]) => [array, changed(array, shardable(whole))] as const);
    const rows = Object.freeze({ ...Object.fromEntries(all), index });
    return { name, feed, index, key, drawn: keys, rows, seen: namedRows(name, withEntries(name, feed, rows)) };
  }
  const numbers = input(feedBinding(name, 'index'), [feed.batch], 'int32');
  const drawn = [numbers, ...keys];
  if (feed.sampler instanceof EpisodeSampler) {
    const index = numbers;
    const sets = episodeSets(feed.sampler, index, Object.fromEntries(wholes));
    const rows = Object.entries(sets).flatMap(([set, nodes]) =>
      Object.entries(nodes).map(([array, node]) => [`${set}.${array}`, node] as const),
    );
    return { name, feed, index, key, drawn, rows: { ...Object.fromEntries(rows), index }, seen: namedRows(name, sets) };
  }
  const index = shardable(numbers);
  const gathered = wholes.map(([array, whole]) => [array, changed(array, gather(whole, index, 0))] as const);
  const rows = Object.freeze({ ...Object.fromEntries(gathered), index });
  return { name, feed, index, key, drawn, rows, seen: namedRows(name, withEntries(name, feed, rows)) };
}

/**
 * Of each set the rows [tasks, rows of a task, ...], without the first axis for a single task; classes are numbered
 * within the task.
 */
function episodeSets(
  sampler: EpisodeSampler,
  index: Node,
  wholes: Nodes,
): Readonly<Record<'support' | 'query', Nodes>> {
  const { ways, shots, queries, tasks, labels } = sampler;
  const leading = tasks === undefined ? [] : [tasks];
  const setOf = (start: number, samples: number): Nodes => {
    const shape = [...leading, ways * samples];
    const count = (tasks ?? 1) * ways * samples;
    const rows = shardable(reshape(slice(index, { starts: [start], limits: [start + count] }), shape));
    const numbers = Float64Array.from({ length: count }, (_, position) => Math.floor(position / samples) % ways);
    const gathered = Object.entries(wholes).map(([array, whole]) => [array, gather(whole, rows, 0)] as const);
    const relabelled = constant(numbers, shape, wholes[labels]?.dtype ?? 'int64');
    return named({ ...Object.fromEntries(gathered), [labels]: relabelled, index: rows }, 'array', ' in an episode');
  };
  const support = (tasks ?? 1) * ways * shots;
  return Object.freeze({ support: setOf(0, shots), query: setOf(support, queries) });
}
