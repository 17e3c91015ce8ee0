import { spread, type Variable, type Vector } from '../../bilevel/index.js';
import type { DeviceMemory } from '../../engine/index.js';
import { gather, input, minimum, mul, type Node, reshape, setRows, slice, sub } from '../../graph/index.js';
import type { Optimizer } from '../../optimizers/index.js';
import type { Factors } from '../../options.js';
import { Tensor } from '../../tensor.js';
import type { SolverState } from '../state.js';
import { clipDirection } from './clip-direction.js';
import type { HostInput } from './host-input.js';
import { inputName } from './input-name.js';
import { factorsOf } from './rate-factors.js';

/**
 * Where the optimizer slots of a variable with one row per sample live. `batch`: one set of batch-sized slots that all
 * batches share, as in the authors' code. `sample`: a row of slots for each sample.
 */
export const slotPlacements = ['batch', 'sample'] as const;
export type SlotPlacement = (typeof slotPlacements)[number];

/** An input that a step overwrites, and its new value. */
export type Update = readonly [target: Node, value: Node];

/** The updates that give kept tensors new values. */
export function assign(targets: Vector, values: Vector): Update[] {
  if (targets.length !== values.length) throw new RangeError('There must be a new value for each tensor.');
  return targets.map((target, index) => [target, values[index] ?? target]);
}

/** A tensor that a step overwrites: all of it, or with an index only the rows of the batch. */
interface Stored {
  readonly whole: Node;
  readonly index: Node | undefined;
}

interface Slot extends Stored {
  readonly binding: string;
}

/** The learning rate of repetition `step` of a phase, or with trials one for each. */
export type Rate = (state: SolverState, step: number) => number | readonly number[];

/** What is done to a direction before the optimizer sees it, and to the rates of single variables. */
export interface Moves {
  /** Length that a direction is shortened to where it is longer, per trial; 0 for any. */
  readonly clipNorm: number;
  /** Size that its elements are cut at, before that; 0 for any. */
  readonly clipValue: number;
  /** Factors of the rate by names of variables. */
  readonly rateFactors: Factors;
  /** Name of the option that the factors come from. */
  readonly factorsOption: string;
}

export interface LevelOptions {
  readonly optimizer: Optimizer;
  readonly rate: Rate;
  /** Name of the option that the rate comes from. */
  readonly rateOption: string;
  /** As the direction and the rate are by default. */
  readonly moves?: Moves | undefined;
  readonly placement?: SlotPlacement;
  /** Number of independent trials that the variables hold along their first axis. */
  readonly trials?: number | undefined;
  /**
   * What plain steps stay below so that they are stable, of 1 over the largest curvature of g; undefined where that
   * does not tell.
   */
  readonly bound?: Bound | undefined;
  /** 1 over the largest curvature of g, per trial, where step sizes are to stay below their bound. */
  readonly rateLimit?: Node | undefined;
}

export type Bound = (limit: Node) => Node;

/** A variable's binding name, which need not begin with the level's: what a method adds has a group of its own. */
const bindingOf = ({ whole }: Variable): string => inputName(whole);

/** The binding name of a variable's slot, such as `v.mean/weight` for `v/weight`. */
function slotBinding(binding: string, slot: string): string {
  const end = binding.indexOf('/');
  return `${binding.slice(0, end)}.${slot}${binding.slice(end)}`;
}

const load = ({ whole, index }: Stored): Node => (index === undefined ? whole : gather(whole, index, 0));

const store = ({ whole, index }: Stored, value: Node): Update => [
  whole,
  index === undefined ? value : setRows(whole, index, value),
];

/** Variables that move together under an optimizer: their inputs, initial tensors and steps. */
export class Level {
  /** The present values. */
  readonly nodes: Vector;
  /**
   * The optimizer's scalar for each step, which counts the level's steps in the state; with a decay a pair along the
   * last axis, of which the second is the part of the variables that it takes away.
   */
  readonly stepSize: HostInput;
  /** Counter of the optimizer's steps. */
  readonly counter: string;
  /** Binding names of the variables. */
  readonly bindings: readonly string[];
  /** Bindings with a row per sample, of which a step changes those of its batch. */
  readonly rowBindings: readonly string[];
  /** `u`, `v`, or what a method calls them. */
  readonly name: string;
  /** The option that says how fast they move. */
  readonly rateOption: string;
  /** See LevelOptions: undefined for an optimizer whose steps do not grow with gradients. */
  readonly bound: Bound | undefined;
  /** See Optimizer. */
  readonly stability: number | undefined;
  /** The largest factor that the rate of a variable has. */
  readonly largestFactor: number;
  readonly #limit: Node | undefined;
  readonly #optimizer: Optimizer;
  readonly #moves: Moves | undefined;
  readonly #variables: readonly {
    readonly variable: Variable;
    readonly slots: readonly Slot[];
    readonly factor: number;
  }[];
  readonly #trials: number | undefined;

  constructor(name: string, variables: readonly Variable[], options: LevelOptions) {
    const { optimizer, rate, rateOption, moves, placement = 'batch', trials, bound, rateLimit } = options;
    this.name = name;
    this.rateOption = rateOption;
    this.stability = optimizer.stability;
    this.bound = optimizer.stability === undefined ? undefined : bound;
    this.#limit = rateLimit && this.bound?.(rateLimit);
    this.#optimizer = optimizer;
    this.#trials = trials;
    this.#moves = moves;
    const names = variables.map((each) => each.name);
    const factors = factorsOf(names, moves?.rateFactors ?? {}, moves?.factorsOption ?? '');
    this.largestFactor = Math.max(...factors);
    this.#variables = variables.map((variable, position) => {
      const [shape, index] =
        placement === 'sample' ? [variable.whole.shape, variable.index] : [variable.value.shape, undefined];
      const slots = optimizer.slots.map((slot) => {
        const binding = slotBinding(bindingOf(variable), slot);
        return { binding, whole: input(binding, shape), index };
      });
      return { variable, slots, factor: factors[position] ?? 1 };
    });
    this.nodes = variables.map(({ value }) => value);
    this.counter = `steps.${name}`;
    const { decay } = optimizer;
    this.stepSize = {
      node: input(`stepSize.${name}`, [...(trials === undefined ? [] : [trials]), ...(decay === undefined ? [] : [2])]),
      perStep: true,
      value: (state, step) => {
        const made = (state.counters[this.counter] ?? 0) + step + 1;
        const rates = rate(state, step);
        if (typeof rates === 'number' && decay === undefined) return optimizer.stepSize(rates, made);
        // Step sizes are proportional to the rate, and their powers are costly.
        const factor = optimizer.stepSize(1, made);
        const each = typeof rates === 'number' ? new Array<number>(trials ?? 1).fill(rates) : rates;
        return each.flatMap((rate) => (decay === undefined ? factor * rate : [factor * rate, decay * rate]));
      },
    };
    this.bindings = variables.map(bindingOf);
    this.rowBindings = this.#variables.flatMap(({ variable, slots }) => [
      ...(variable.index === undefined ? [] : [bindingOf(variable)]),
      ...slots.filter(({ index }) => index !== undefined).map(({ binding }) => binding),
    ]);
  }

  /** The variables where they start and their slots of zeros, by binding name. */
  initialTensors(): Record<string, Tensor> {
    return Object.fromEntries(
      this.#variables.flatMap(({ variable, slots }): [string, Tensor][] => [
        [bindingOf(variable), variable.initial.clone()],
        ...slots.map(({ binding, whole }): [string, Tensor] => [binding, Tensor.zeros(whole.shape)]),
      ]),
    );
  }

  /** Puts a state's variables where they start, and their slots to zero. */
  restart(tensors: Readonly<Record<string, Tensor>>, memory: DeviceMemory): void {
    for (const { variable } of this.#variables) {
      memory.copy(variable.initial, tensorOf(tensors, bindingOf(variable)));
    }
    this.forget(tensors, memory);
  }

  /** Puts a state's slots to zero. */
  forget(tensors: Readonly<Record<string, Tensor>>, memory: DeviceMemory): void {
    for (const { slots } of this.#variables) {
      for (const { binding } of slots) memory.clear(tensorOf(tensors, binding));
    }
  }

  /** All that a step overwrites, in the order of its updates: each variable and then its slots. */
  get tensors(): Vector {
    return this.#variables.flatMap(({ variable, slots }) => [variable.whole, ...slots.map(({ whole }) => whole)]);
  }

  /** One optimizer step along minus `direction` and projection to the variables' sets, in place. */
  step(direction: Vector): Update[] {
    const along = this.#clipped(direction);
    return this.#variables.flatMap(({ variable, slots }, position) => {
      const updated = this.#move(position, along, slots.map(load));
      return [
        store(variable, updated.value),
        ...slots.map((slot, index) => store(slot, updated.slots[index] ?? slot.whole)),
      ];
    });
  }

  /**
   * All that a step goes on from: the variables, and then the optimizer's slots, with the ends of their binding names.
   */
  get carried(): readonly { readonly node: Node; readonly ending: string }[] {
    const endingOf = (binding: string): string => binding.slice(this.name.length);
    return [
      ...this.#variables.map(({ variable }) => ({ node: variable.value, ending: endingOf(bindingOf(variable)) })),
      ...this.#variables.flatMap(({ slots }) =>
        slots.map((slot) => ({ node: load(slot), ending: endingOf(slot.binding) })),
      ),
    ];
  }

  /**
   * What is `carried` after one step from wherever `from` is, in the same order: for differentiating through it.
   * @param stepSize that of the level's next step by default
   */
  stepped(from: Vector, direction: Vector, stepSize: Node = this.stepSize.node): Vector {
    const count = this.#variables.length;
    const slotsOf = (position: number): Vector => {
      const { length } = this.#optimizer.slots;
      return from.slice(count + position * length, count + (position + 1) * length);
    };
    const along = this.#clipped(direction);
    const moved = this.#variables.map((_, position) =>
      this.#move(position, along, slotsOf(position), { value: from[position], stepSize, differentiable: true }),
    );
    return [...moved.map(({ value }) => value), ...moved.flatMap(({ slots }) => slots)];
  }

  /** The direction as the optimizer sees it. */
  #clipped(direction: Vector): Vector {
    return this.#moves === undefined ? direction : clipDirection(direction, this.#moves, this.#trials);
  }

  #move(
    position: number,
    direction: Vector,
    slots: readonly Node[],
    from: { readonly value?: Node | undefined; readonly stepSize?: Node; readonly differentiable?: boolean } = {},
  ): { readonly value: Node; readonly slots: readonly Node[] } {
    const { variable, factor = 1 } = this.#variables[position] ?? {};
    const along = direction[position];
    if (variable === undefined || along === undefined) throw new RangeError('A level needs a direction per variable.');
    const { value = variable.value, stepSize = this.stepSize.node, differentiable } = from;
    const own = factor === 1 ? stepSize : mul(factor, stepSize);
    const [length, decay] = this.#optimizer.decay === undefined ? [own] : [partOf(own, 0), partOf(own, 1)];
    const limited = this.#limit === undefined ? length : minimum(length, this.#limit);
    const { length: rank } = value.shape;
    const kept = decay === undefined ? value : mul(value, sub(1, spread(decay, rank)));
    const updated = this.#optimizer.update(kept, along, slots, spread(limited, rank), differentiable);
    return { value: project(updated.parameter, variable, this.#trials === undefined ? 0 : 1), slots: updated.slots };
  }
}

function tensorOf(tensors: Readonly<Record<string, Tensor>>, binding: string): Tensor {
  const tensor = tensors[binding];
  if (tensor === undefined) throw new RangeError(`The state holds no tensor ${binding}.`);
  return tensor;
}

/** One of a pair along the last axis. */
function partOf(pair: Node, index: number): Node {
  const { shape } = pair;
  const last = shape.length - 1;
  const starts = shape.map((_, axis) => (axis === last ? index : 0));
  const limits = shape.map((size, axis) => (axis === last ? index + 1 : size));
  return reshape(slice(pair, { starts, limits }), shape.slice(0, -1));
}

/** The nearest point of the variable's set. */
function project(value: Node, { set }: Variable, batchAxes: number): Node {
  return set === undefined ? value : set.project(value, batchAxes);
}
