import { checkRecord, invalidArgument } from '../errors.js';
import { gather, input, iota, type Node } from '../graph/index.js';
import type { Feed } from './feed.js';

/** A feed in the graph of a problem. */
export interface FeedInputs {
  readonly name: string;
  readonly feed: Feed;
  /** Row numbers of the present batch, int32; all rows in order when the feed has no batch. */
  readonly index: Node;
  /** Under the arrays' names their rows in the present batch, and `index`. */
  readonly rows: Readonly<Record<string, Node>>;
}

/** The binding name of an array, or of the row numbers, of a feed. */
export function feedBinding(feed: string, array: string): string {
  return `data.${feed}/${array}`;
}

export function stateFeeds(feeds: Readonly<Record<string, Feed>>): readonly FeedInputs[] {
  checkRecord(feeds, 'feeds');
  return Object.entries(feeds).map(([name, feed]) => {
    if (['u', 'v', 'key'].includes(name) || name.includes('/')) {
      throw invalidArgument('the name of a feed', 'a name without / and other than u, v and key', name);
    }
    if (typeof feed !== 'object' || feed === null || !('arrays' in feed && 'size' in feed)) {
      throw invalidArgument(`the feed ${name}`, 'what feed(arrays, options) returns', feed);
    }
    const index =
      feed.batch === undefined ? iota(feed.size, 'int32') : input(feedBinding(name, 'index'), [feed.batch], 'int32');
    const rows = Object.entries(feed.arrays).map(([array, tensor]) => {
      const whole = input(feedBinding(name, array), tensor.shape, tensor.dtype);
      return [array, feed.batch === undefined ? whole : gather(whole, index, 0)] as const;
    });
    return { name, feed, index, rows: Object.freeze({ ...Object.fromEntries(rows), index }) };
  });
}
