import { bytesOf } from '../bytes.js';
import { isElementwise } from '../classes.js';
import type { Grouping, MutableGroup, StepGraph } from './group.js';
import { Passes } from './passes.js';
import { type Way, wayTo } from './ways.js';

/**
 * Lets passes compute values again, from memory that they read anyway or that is no larger, instead of reading what
 * another pass has stored for them; a value that nobody reads any more is not stored, and a pass that stores nothing is
 * gone. The values keep their bits: the same operations are applied to the same operands.
 */
export function recompute({ groups, needed }: Grouping, graph: StepGraph): void {
  const passes = new Passes(groups, graph.views);
  for (const value of graph.order) {
    const writer = passes.writer(value);
    if (writer === undefined || !isElementwise(value.op)) continue;
    const readers = passes.readers(value);
    const ways = new Map<MutableGroup, Way>();
    for (const reader of readers) {
      const way = wayTo(value, reader, passes, graph);
      if (way) ways.set(reader, way);
    }
    const isDropped =
      !needed.has(value) && ways.size === readers.size && costOf(ways) <= passes.bytesOfStoring(value, writer);
    for (const [reader, way] of ways) {
      if (isDropped || way.cost < bytesOf([value])) passes.add(reader, way.operations);
    }
    if (isDropped) passes.drop(value, writer);
  }
}

function costOf(ways: ReadonlyMap<MutableGroup, Way>): number {
  return [...ways.values()].reduce((sum, { cost }) => sum + cost, 0);
}
