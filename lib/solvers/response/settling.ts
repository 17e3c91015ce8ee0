/** A step of a descent. */
interface Step {
  /** Least residual that was reached before it. */
  readonly residual: number;
  readonly length: number;
}

/**
 * Tells from the steps of a descent how far it still has to go. While the residual falls tenfold, a descent to a
 * minimum makes a tenth of the way that it made for the tenfold fall before; where the cost goes on falling without
 * end, it makes as much again each time.
 */
export class Settling {
  readonly #steps: Step[] = [];
  #least: number;

  /** @param residual where the descent begins */
  constructor(residual: number) {
    this.#least = residual;
  }

  /** Takes note of a step, and of the residual that it led to. */
  add(length: number, residual: number): void {
    this.#steps.push({ residual: this.#least, length });
    this.#least = Math.min(this.#least, residual);
  }

  /**
   * The distance that is left, if the next falls of the residual go on as the last two; undefined before it has fallen
   * a hundredfold.
   */
  remaining(): number | undefined {
    const [last, before] = [0, 1].map((falls) => this.#way(10 ** falls * this.#least));
    if (last === undefined || before === undefined || !((this.#steps[0]?.residual ?? 0) > 100 * this.#least))
      return undefined;
    if (last === 0) return 0;
    const ratio = Math.min(last / before, 0.99);
    return (last * ratio) / (1 - ratio);
  }

  /** The way that was made while the residual fell from ten times `least` to it. */
  #way(least: number): number {
    return this.#steps
      .filter(({ residual }) => residual > least && residual <= 10 * least)
      .reduce((sum, { length }) => sum + length, 0);
  }
}
