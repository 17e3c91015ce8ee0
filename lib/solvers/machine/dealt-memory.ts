import { type Parts, partOf, partsOf, type RankOf, type Target } from '../../compile/index.js';
import { input } from '../../graph/index.js';
import { elementCount, Tensor } from '../../tensor.js';
import type { SolverState } from '../state.js';
import type { Phase } from './phase.js';
import { StatedStep } from './stated-step.js';

type Tensors = Readonly<Record<string, Tensor>>;

interface Memory {
  readonly state: Tensors;
  readonly scratch: Tensors;
  readonly isStack: (name: string, tensor: Tensor) => boolean;
  readonly ranks: RankOf;
  readonly target: Target;
}

/**
 * What of a method's memory each rank keeps up to date only in part while an iteration is made, such as the networks of
 * its tasks. Of the state these are rows of the whole tensors, which the ranks put together when the iteration has
 * ended; of scratch there is only the part.
 */
export class DealtMemory {
  readonly parts: Parts;
  /** Puts the tensors of the state together; undefined where none of them is dealt. */
  readonly gathering: StatedStep | undefined;
  /** Copies of a rank's rows: what reads them writes where they lie. */
  readonly #copies: Tensors;
  /** Rows of the tensors of a state, by these. */
  readonly #rows = new WeakMap<Tensor, Tensor>();
  readonly #ranks: RankOf;
  readonly #names: readonly string[];

  /**
   * Decides what is dealt, once all phases are written; undefined where nothing is.
   * @param state tensors of a state by binding name
   * @param scratch tensors that no iteration takes over from the one before
   * @param isStack whether the first axis of a tensor counts what has nothing to do with one another, such as trials
   */
  static of(phases: readonly Phase[], { state, scratch, isStack, ranks, target }: Memory): DealtMemory | undefined {
    const stacks = Object.entries({ ...state, ...scratch }).filter(([name, tensor]) => isStack(name, tensor));
    const parts = partsOf(
      {
        steps: phases.map(({ step }) => step),
        mayDeal: (name, axis) => {
          // Rows of a tensor lie side by side, other parts do not.
          const { dtype, shape = [] } = scratch[name] ?? (axis === 0 ? state[name] : undefined) ?? {};
          return dtype === 'float32' && (shape[axis] ?? 0) >= ranks.size;
        },
        stacks: Object.fromEntries(stacks.map(([name]) => [name, 0])),
        gatheredElements: (name) => state[name]?.data.length ?? 0,
      },
      ranks,
      target,
    );
    return Object.keys(parts).length === 0 ? undefined : new DealtMemory(parts, state, ranks);
  }

  private constructor(parts: Parts, state: Tensors, ranks: RankOf) {
    this.parts = parts;
    this.#ranks = ranks;
    this.#names = Object.keys(parts).filter((name) => Object.hasOwn(state, name));
    const named = this.#names.map((name) => [name, state[name] as Tensor, `own ${name}`] as const);
    this.#copies = Object.fromEntries(
      named.map(([_, { shape }, own]) => [own, Tensor.zeros(partOf(shape, 0, ranks).shape)]),
    );
    if (named.length === 0) return;
    this.gathering = new StatedStep(
      'gathering',
      { updates: named.map(([name, { shape }, own]) => [input(name, shape), input(own, shape)]) },
      { parts: Object.fromEntries(named.map(([_name, _tensor, own]) => [own, 0])) },
    );
  }

  /** Tensors of scratch that is dealt, in place of whole ones. */
  scratch(whole: Tensors): Tensors {
    const dealt = Object.entries(whole).filter(([name]) => Object.hasOwn(this.parts, name));
    return Object.fromEntries(
      dealt.map(([name, { shape }]) => [
        name,
        Tensor.zeros(partOf(shape, this.parts[name] as number, this.#ranks).shape),
      ]),
    );
  }

  /** This rank's rows of what is dealt of a state, in place. */
  rowsOf({ tensors }: SolverState): Tensors {
    return Object.fromEntries(this.#names.map((name) => [name, this.#rowsOf(tensors[name] as Tensor)]));
  }

  #rowsOf(whole: Tensor): Tensor {
    const known = this.#rows.get(whole);
    if (known !== undefined) return known;
    const { start, shape } = partOf(whole.shape, 0, this.#ranks);
    const perRow = elementCount(shape.slice(1));
    const { data } = whole as Tensor<'float32'>;
    const made = Tensor.over(data.subarray(start * perRow, start * perRow + elementCount(shape)), shape);
    this.#rows.set(whole, made);
    return made;
  }

  /** All ranks have the whole state again. @throws what running a program throws */
  async gather(state: SolverState): Promise<void> {
    const rows = this.rowsOf(state);
    for (const name of this.#names) this.#copies[`own ${name}`]?.copyFrom(rows[name] as Tensor);
    await this.gathering?.run([this.#copies, state.tensors]);
  }
}
