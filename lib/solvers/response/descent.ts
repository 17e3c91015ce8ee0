import { minus, norm, plusScaled, type Variable, type Vector } from '../../bilevel/index.js';
import {
  add,
  concat,
  expandDims,
  gather,
  inner,
  input,
  matmul,
  mul,
  type Node,
  reshape,
  setRows,
} from '../../graph/index.js';
import { elementCount, Tensor } from '../../tensor.js';
import { inputName } from '../machine/input-name.js';
import { assign } from '../machine/level.js';
import { StatedStep } from '../machine/stated-step.js';
import type { Combination, Products } from './quasi-newton.js';
import { nearest, residual } from './stationarity.js';

/** Where a descent stands. */
export interface Standing {
  /** |grad|, or where variables are kept in sets |v - P(v - grad)|. */
  readonly residual: number;
  /** |grad| */
  readonly gradient: number;
  /** |v| */
  readonly length: number;
  /** The distance from where it began. */
  readonly moved: number;
}

/** A direction of descent. */
export interface Direction {
  /** <grad, direction> */
  readonly slope: number;
  readonly length: number;
}

const standingNames = ['residual', 'gradient', 'length', 'moved'] as const satisfies readonly (keyof Standing)[];

/**
 * The vectors of a descent on v: the point and the gradient there, a direction, a trial point along it under the names
 * of the variables, the gradient there, and the steps and changes of the gradient that are remembered. All of them stay
 * where the device has them.
 */
export class Descent implements Disposable {
  /** What is to be compiled. */
  readonly steps: readonly StatedStep[];
  /** All vectors, by binding name. */
  readonly tensors: Readonly<Record<string, Tensor>>;
  /** Binding names of the gradient at the trial point, in the order of the variables. */
  readonly gradient: readonly string[];
  /** Binding names of the point. */
  readonly point: readonly string[];
  readonly #row = Tensor.zeros([1], 'int32');
  readonly #length = Tensor.zeros([]);
  readonly #weights: Readonly<Record<keyof Combination, Tensor<'float32'>>>;
  readonly #begin: StatedStep;
  readonly #combine: StatedStep;
  readonly #project: StatedStep;
  readonly #move: StatedStep;
  readonly #slope: StatedStep;
  readonly #accept: StatedStep;
  readonly #products: StatedStep;

  /** @param rows pairs that are remembered */
  constructor(variables: readonly Variable[], trials: number | undefined, rows: number) {
    const like = (name: string, leading: readonly number[] = []): Vector =>
      variables.map((variable) => input(`${name}/${variable.name}`, [...leading, ...variable.whole.shape]));
    const trial = variables.map(({ whole }) => whole);
    const [gradient, point, present, direction] = [like('gradient'), like('point'), like('present'), like('direction')];
    const [origin, steps, changes] = [like('origin'), like('steps', [rows]), like('changes', [rows])];
    this.gradient = gradient.map(inputName);
    this.point = point.map(inputName);
    const all = [trial, gradient, point, present, direction, origin, steps, changes].flat();
    this.tensors = Object.fromEntries(all.map((node) => [inputName(node), Tensor.zeros(node.shape)]));

    const [length, rate] = [input('length', []), input('rate', [])];
    const row = input('row', [1], 'int32');
    const weights = { steps: input('ofSteps', [1, rows]), changes: input('ofChanges', [1, rows]) };
    const ofGradient = input('ofGradient', []);
    this.#weights = { steps: Tensor.zeros([1, rows]), changes: Tensor.zeros([1, rows]), gradient: Tensor.zeros([]) };

    const standing = (at: Vector, along: Vector, from: Vector): Readonly<Record<keyof Standing, Node>> => ({
      residual: residual(variables, trials, at, along),
      gradient: norm(along, undefined),
      length: norm(at, undefined),
      moved: norm(minus(at, from), undefined),
    });
    const describe = (along: Vector): Readonly<Record<keyof Direction, Node>> => ({
      slope: inner(present, along),
      length: norm(along, undefined),
    });
    const step = (name: string, spec: StatedStep['step']): StatedStep => new StatedStep(name, spec, { hoist: false });

    this.#begin = step('begin', {
      updates: [...assign(point, trial), ...assign(present, gradient), ...assign(origin, trial)],
      outputs: standing(trial, gradient, trial),
    });
    const combined = zip(steps, changes, present).map(([s, y, g]) => {
      const ofPairs = add(matmul(weights.steps, flat(s, rows)), matmul(weights.changes, flat(y, rows)));
      return reshape(add(ofPairs, mul(ofGradient, flat(g, 1))), g.shape);
    });
    this.#combine = step('combine', { updates: assign(direction, combined), outputs: describe(combined) });
    const projected = minus(nearest(variables, trials, plusScaled(point, mul(-1, rate), present)), point);
    this.#project = step('project', { updates: assign(direction, projected), outputs: describe(projected) });
    this.#move = step('move', { updates: assign(trial, plusScaled(point, length, direction)) });
    this.#slope = step('slope', { outputs: { slope: inner(gradient, direction) } });
    this.#accept = step('accept', {
      updates: [
        ...assign(steps, setAll(steps, row, minus(trial, point))),
        ...assign(changes, setAll(changes, row, minus(gradient, present))),
        ...assign(point, trial),
        ...assign(present, gradient),
      ],
      outputs: standing(trial, gradient, origin),
    });
    const columns = zip(steps, changes, present).map(([s, y, g]) =>
      flat(concat([gather(s, row), gather(y, row), expandDims(g, [0])], 0), 3),
    );
    const productsWith = (vectors: Vector): Node =>
      zip(vectors, columns, columns)
        .map(([vector, column]) => matmul(flat(vector, rows), column, { transposeB: true }))
        .reduce(add);
    this.#products = step('products', { outputs: { steps: productsWith(steps), changes: productsWith(changes) } });
    this.steps = [
      this.#begin,
      variables.some(({ set }) => set !== undefined) ? this.#project : this.#combine,
      ...[this.#move, this.#slope, this.#accept, this.#products],
    ];
  }

  /** Takes the trial point, and the gradient there, for where the descent begins. */
  begin(): Promise<Standing> {
    return this.#stand(this.#begin, {});
  }

  /** A direction out of what is remembered. */
  async combine({ steps, changes, gradient }: Combination): Promise<Direction> {
    this.#weights.steps.data.set(steps);
    this.#weights.changes.data.set(changes);
    this.#weights.gradient.data.fill(gradient);
    const { steps: ofSteps, changes: ofChanges, gradient: ofGradient } = this.#weights;
    return this.#describe(this.#combine, { ofSteps, ofChanges, ofGradient });
  }

  /** The direction to the point of the variables' sets that is nearest to so long a step along minus the gradient. */
  project(length: number): Promise<Direction> {
    this.#length.data.fill(length);
    return this.#describe(this.#project, { rate: this.#length });
  }

  /** Sets the trial point at a length along the direction. */
  async move(length: number): Promise<void> {
    this.#length.data.fill(length);
    await this.#move.run([this.tensors, { length: this.#length }]);
  }

  /** <grad, direction> at the trial point. */
  async slope(): Promise<number> {
    await this.#slope.run([this.tensors]);
    return this.#slope.output('slope')[0] ?? Number.NaN;
  }

  /** Goes to the trial point, and remembers the step and the change of the gradient in a row. */
  accept(row: number): Promise<Standing> {
    this.#row.data.fill(row);
    return this.#stand(this.#accept, { row: this.#row });
  }

  /** What the pair in a row has to do with all others. */
  async products(row: number): Promise<Products> {
    this.#row.data.fill(row);
    await this.#products.run([this.tensors, { row: this.#row }]);
    return { steps: this.#products.output('steps'), changes: this.#products.output('changes') };
  }

  async #stand(step: StatedStep, given: Readonly<Record<string, Tensor>>): Promise<Standing> {
    await step.run([this.tensors, given]);
    const standing = standingNames.map((name) => [name, step.output(name)[0] ?? Number.NaN]);
    return Object.fromEntries(standing) as Standing;
  }

  async #describe(step: StatedStep, given: Readonly<Record<string, Tensor>>): Promise<Direction> {
    await step.run([this.tensors, given]);
    const [slope = Number.NaN, length = Number.NaN] = [...step.output('slope'), ...step.output('length')];
    return { slope, length };
  }

  [Symbol.dispose](): void {
    for (const step of this.steps) step[Symbol.dispose]();
  }
}

/** As a matrix of so many rows. */
function flat(node: Node, rows: number): Node {
  return reshape(node, [rows, elementCount(node.shape) / rows]);
}

function zip(a: Vector, b: Vector, c: Vector): (readonly [Node, Node, Node])[] {
  return a.map((node, index) => [node, b[index] ?? node, c[index] ?? node] as const);
}

/** Every tensor with another row. */
function setAll(tensors: Vector, row: Node, values: Vector): Vector {
  return tensors.map((tensor, index) => setRows(tensor, row, expandDims(values[index] ?? tensor, [0])));
}
