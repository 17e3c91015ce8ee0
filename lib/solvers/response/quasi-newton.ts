/** Inner products of a new pair of steps and changes of the gradient with all others, by row. */
export interface Products {
  /** <steps_i, step>, <steps_i, change> and <steps_i, gradient>, three for each row. */
  readonly steps: ArrayLike<number>;
  /** <changes_i, step>, <changes_i, change> and <changes_i, gradient>. */
  readonly changes: ArrayLike<number>;
}

/** Coefficients of a linear combination of what is remembered and of the gradient. */
export interface Combination {
  readonly steps: Float64Array;
  readonly changes: Float64Array;
  readonly gradient: number;
}

/** A pair counts only where g is seen to curve upward along the step, beyond rounding. */
const leastCosine = 1e-6;

/**
 * L-BFGS by inner products alone (Chen, Wang and Zhou 2014): the vectors stay where they are, in rows of which this
 * says how they are combined to the direction of descent.
 */
export class QuasiNewton {
  readonly #rows: number;
  /** Rows that hold a pair, from the oldest to the newest. */
  readonly #order: number[] = [];
  /** <step_i, step_j>, <step_i, change_j> and <change_i, change_j>, row by row. */
  readonly #ofSteps: Float64Array;
  readonly #ofBoth: Float64Array;
  readonly #ofChanges: Float64Array;
  /** <step_i, gradient> and <change_i, gradient>. */
  readonly #stepsAlong: Float64Array;
  readonly #changesAlong: Float64Array;

  /** @param rows most pairs that are remembered */
  constructor(rows: number) {
    this.#rows = rows;
    this.#ofSteps = new Float64Array(rows ** 2);
    this.#ofBoth = new Float64Array(rows ** 2);
    this.#ofChanges = new Float64Array(rows ** 2);
    this.#stepsAlong = new Float64Array(rows);
    this.#changesAlong = new Float64Array(rows);
  }

  get isEmpty(): boolean {
    return this.#order.length === 0;
  }

  /**
   * Of the Hessian, as the pairs show it: <step, change> / <step, step> at least, <change, change> / <step, change> at
   * most.
   */
  get curvature(): { readonly least: number; readonly largest: number } | undefined {
    if (this.isEmpty) return undefined;
    const of = (products: Float64Array, row: number): number => products[row * this.#rows + row] ?? 0;
    return {
      least: Math.min(...this.#order.map((row) => of(this.#ofBoth, row) / of(this.#ofSteps, row))),
      largest: Math.max(...this.#order.map((row) => of(this.#ofChanges, row) / of(this.#ofBoth, row))),
    };
  }

  /** The row that the next pair is to be written to; the pair that it held is forgotten. */
  nextRow(): number {
    if (this.#order.length === this.#rows) return this.#order.shift() ?? 0;
    for (let row = 0; row < this.#rows; row++) if (!this.#order.includes(row)) return row;
    return 0;
  }

  /** Takes a pair into account that was written to a row, and the gradient at the new point. */
  add(row: number, { steps, changes }: Products): void {
    const rows = this.#rows;
    const at = (products: ArrayLike<number>, other: number, column: number): number =>
      products[3 * other + column] ?? 0;
    for (let other = 0; other < rows; other++) {
      const [own, mirrored] = [row * rows + other, other * rows + row];
      this.#ofSteps[own] = this.#ofSteps[mirrored] = at(steps, other, 0);
      this.#ofChanges[own] = this.#ofChanges[mirrored] = at(changes, other, 1);
      this.#ofBoth[mirrored] = at(steps, other, 1);
      this.#ofBoth[own] = at(changes, other, 0);
      this.#stepsAlong[other] = at(steps, other, 2);
      this.#changesAlong[other] = at(changes, other, 2);
    }
    const own = row * rows + row;
    const [curvature = 0, step = 0, change = 0] = [this.#ofBoth[own], this.#ofSteps[own], this.#ofChanges[own]];
    if (curvature > leastCosine * Math.sqrt(step * change)) this.#order.push(row);
  }

  forget(): void {
    this.#order.length = 0;
  }

  /** Minus the inverse of the Hessian's estimate times the gradient; minus the gradient where nothing is known. */
  direction(): Combination {
    const rows = this.#rows;
    const steps = new Float64Array(rows);
    const changes = new Float64Array(rows);
    let gradient = -1;
    const both = (step: number, change: number): number => this.#ofBoth[step * rows + change] ?? 0;
    const alongStep = (i: number): number =>
      this.#order.reduce(
        (sum, j) => sum + (steps[j] ?? 0) * (this.#ofSteps[i * rows + j] ?? 0) + (changes[j] ?? 0) * both(i, j),
        gradient * (this.#stepsAlong[i] ?? 0),
      );
    const alongChange = (i: number): number =>
      this.#order.reduce(
        (sum, j) => sum + (steps[j] ?? 0) * both(j, i) + (changes[j] ?? 0) * (this.#ofChanges[i * rows + j] ?? 0),
        gradient * (this.#changesAlong[i] ?? 0),
      );
    const backward = new Float64Array(rows);
    for (const i of this.#order.toReversed()) {
      backward[i] = alongStep(i) / both(i, i);
      changes[i] = (changes[i] ?? 0) - (backward[i] ?? 0);
    }
    const newest = this.#order.at(-1);
    if (newest !== undefined) {
      const scale = both(newest, newest) / (this.#ofChanges[newest * rows + newest] ?? 1);
      gradient *= scale;
      for (let row = 0; row < rows; row++) changes[row] = (changes[row] ?? 0) * scale;
    }
    for (const i of this.#order) {
      steps[i] = (steps[i] ?? 0) + (backward[i] ?? 0) - alongChange(i) / both(i, i);
    }
    return { steps, changes, gradient };
  }
}
