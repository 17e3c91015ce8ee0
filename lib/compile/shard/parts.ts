import { isOp, type Node } from '../../graph/node.js';
import { elementCount } from '../../tensor.js';
import { workOfGraph } from '../rewrite/reassociate/work.js';
import { computedBy, type ProgramSpec } from '../spec.js';
import type { Target } from '../target.js';
import { type Computed, type Parts, type RankOf, Sharding } from './sharding.js';

/** Steps that share memory, and which of it may be dealt. */
export interface Shared {
  readonly steps: readonly ProgramSpec[];
  /** Whether what is bound under a name may be dealt along an axis. */
  readonly mayDeal: (name: string, axis: number) => boolean;
  /**
   * What is tried too where there is enough to compute: stacks of what has nothing to do with one another, which no
   * input marks as `shardable`.
   */
  readonly stacks: Parts;
  /** How many elements of what is bound under a name have to be put together when all steps have ended. */
  readonly gatheredElements: (name: string) => number;
}

/**
 * What it takes to meet in a sum, and of each element that is summed, in operations of products: 25 microseconds, and 3
 * nanoseconds at 25 Gbit/s. Each step has at least one sum, of what it reports.
 */
const sumWork = 5e6;
const elementWork = 600;
/** Elements for which one more sum is made. */
const worthAnotherSum = 1 << 12;

/**
 * What steps that run one after the other had better keep dealt to the ranks: memory that they fill with parts, such as
 * the network of each task, so that nobody puts it together only to take it apart again. It is dealt where the steps
 * that need it whole put fewer elements together than those that write it would.
 */
export function partsOf(shared: Shared, ranks: RankOf, target: Target): Parts {
  const { steps, mayDeal, gatheredElements } = shared;
  const computed = steps.map(computedBy);
  const usesOf = (parts: Parts): Uses => {
    const uses = new Uses();
    for (const step of computed) {
      const sharding = new Sharding(ranks, parts);
      sharding.visitAll(step);
      for (const [target, value] of step.updates) uses.write(target, sharding.partAxisOf(value));
      sharding.finished(step);
      for (const [name, elements] of sharding.gatheredFrom) uses.gather(name, elements);
    }
    return uses;
  };

  const first = stacksWorthMeeting(shared, computed, target);
  let parts: Parts = first;
  let uses = usesOf(parts);
  const count = (): number => Object.keys(parts).length;
  const change = (to: Parts): void => {
    parts = to;
    uses = usesOf(parts);
  };
  // What is kept dealt makes parts of what is computed from it.
  for (;;) {
    const grown = { ...first, ...uses.dealtBy(mayDeal) };
    if (Object.keys(grown).length <= count()) break;
    change(grown);
  }
  for (;;) {
    for (const name of Object.keys(parts)) if (!Object.hasOwn(first, name)) uses.gather(name, gatheredElements(name));
    const kept = Object.fromEntries(uses.worthOf(parts));
    if (Object.keys(kept).length === count()) return parts;
    change(kept);
  }
}

/** Half of the work at least is saved, and marked inputs have nothing to do with it. */
function stacksWorthMeeting(
  { mayDeal, stacks, gatheredElements }: Shared,
  computed: readonly Computed[],
  target: Target,
): Parts {
  const able = Object.entries(stacks).filter(([name, axis]) => mayDeal(name, axis));
  const elements = able.reduce((sum, [name]) => sum + gatheredElements(name), 0);
  const work = computed.reduce(
    (sum, { values, updates }) =>
      sum + workOfGraph([...values, ...updates.map(([, value]) => value)], undefined, target).total,
    0,
  );
  const isWorth = work / 2 > computed.length * sumWork + elements * elementWork;
  return isWorth ? Object.fromEntries(able) : {};
}

/** How steps use what they share. */
class Uses {
  readonly #written = new Map<string, { readonly elements: number; readonly axes: (number | undefined)[] }>();
  readonly #gathered = new Map<string, number>();

  /** @param axis along which the new value is dealt */
  write(target: Node, axis: number | undefined): void {
    if (!isOp(target, 'input')) return;
    const { name } = target.attributes;
    const known = this.#written.get(name) ?? { elements: elementCount(target.shape), axes: [] };
    known.axes.push(axis);
    this.#written.set(name, known);
  }

  /** A step that has to put so many elements together as they are dealt. */
  gather(name: string, elements: number): void {
    this.#gathered.set(name, (this.#gathered.get(name) ?? 0) + elements);
  }

  /** What is written as parts, along one axis. */
  dealtBy(mayDeal: Shared['mayDeal']): Parts {
    const found = [...this.#written].flatMap(([name, { axes }]): [string, number][] => {
      const [axis, ...others] = new Set(axes.filter((each) => each !== undefined));
      return axis !== undefined && others.length === 0 && mayDeal(name, axis) ? [[name, axis]] : [];
    });
    return Object.fromEntries(found);
  }

  /** What is put together in fewer elements than where it is whole; or in as many, as steps may be repeated. */
  worthOf(parts: Parts): readonly (readonly [name: string, axis: number])[] {
    const saved = ([name, axis]: readonly [string, number]): number => {
      const { elements = 0, axes = [] } = this.#written.get(name) ?? {};
      return elements * axes.filter((each) => each === axis).length - (this.#gathered.get(name) ?? 0);
    };
    const all = Object.entries(parts);
    const even = all.filter((each) => saved(each) === 0);
    const size = even.reduce((sum, [name]) => sum + (this.#written.get(name)?.elements ?? 0), 0);
    return all.filter((each) => saved(each) > 0 || (size >= worthAnotherSum && even.includes(each)));
  }
}
