import type { BilevelProblem } from '../../bilevel/index.js';
import type { Device } from '../../engine/index.js';
import { BilevelError } from '../../errors.js';
import { gradient, reduceSum } from '../../graph/index.js';
import type { Tensor } from '../../tensor.js';
import { Descent, type Direction, type Standing } from './descent.js';
import { lineSearch, type Trial } from './line-search.js';
import { Pass } from './pass.js';
import { QuasiNewton } from './quasi-newton.js';
import { Settling } from './settling.js';

type Tensors = Readonly<Record<string, Tensor>>;

/**
 * How the search for a minimum ended. `converged`: the gradient is within the tolerance. `flat`: it is, but g is so
 * flat there that v is not determined: it goes on falling as v grows, as where classes can be separated and nothing
 * holds the weights. `steps`: there were no steps left. `precision`: g cannot be seen to fall any further in float32.
 */
export type ResponseStatus = 'converged' | 'flat' | 'steps' | 'precision';

/** What a search for the minimum of g over v came to. */
export interface Found {
  /** g(u, v), all rows; with trials the mean over them. */
  readonly g: number;
  /** |grad_v g|, or where v is kept in sets |v - P(v - grad_v g)|; with trials over all of them together. */
  readonly lowerGradientNorm: number;
  /** The same relative to |grad_v g| where the problem lets v start; what the tolerance bounds. */
  readonly residual: number;
  /** An estimate of the distance from v to the minimum, relative to |v|, from how the steps grow shorter. */
  readonly remaining: number;
  /**
   * Curvatures of g that the last steps met; the condition of grad_vv g is at least their ratio. Undefined without
   * steps.
   */
  readonly curvature: { readonly least: number; readonly largest: number } | undefined;
  readonly status: ResponseStatus;
  readonly converged: boolean;
  /** Steps of v that were made. */
  readonly steps: number;
  /** Passes over all rows: gradients of g that were taken. */
  readonly passes: number;
}

export interface Search {
  /** Largest residual. */
  readonly tolerance: number;
  readonly maxSteps: number;
}

/** Called after every step. */
export type OnStep = (found: { readonly steps: number; readonly g: number; readonly residual: number }) => void;

/** Beyond this distance to the minimum, relative to |v|, v is not taken for determined. */
const mostRemaining = 0.02;
/** Pairs that L-BFGS remembers, and most numbers that all of them may have. */
const [mostPairs, mostRemembered] = [10, 2 ** 25];
/** How much further than its first try a step may go, and costs that a projected step may go back to. */
const [reach, window] = [1e6, 10];

/**
 * Minimises g alone over v for a fixed u, on all rows: by L-BFGS, or where v is kept in sets by projected gradients of
 * spectral length (Birgin, Martinez and Raydan 2000), both with a line search and without randomness.
 */
export class Responder implements Disposable {
  readonly #problem: BilevelProblem;
  readonly #device: Device;
  readonly #pass: Pass;
  readonly #descent: Descent;
  readonly #pairs: number;
  readonly #isKept: boolean;

  /** @param batches mini-batches that stand for a feed whose rows cannot be gone through @throws as Pass */
  constructor(problem: BilevelProblem, device: Device, batches: number | undefined) {
    const [constraint] = problem.constraints.lower;
    if (constraint !== undefined) {
      throw new BilevelError(
        'INVALID_ARGUMENT',
        `The response keeps v in sets, but no ${constraint.kind} such as ${constraint.name}: state it as a set.`,
      );
    }
    const { lower, trials } = problem;
    this.#problem = problem;
    this.#device = device;
    this.#isKept = lower.some(({ set }) => set !== undefined);
    const size = lower.reduce((sum, { initial }) => sum + initial.size, 0);
    this.#pairs = this.#isKept ? 1 : Math.max(3, Math.min(mostPairs, Math.floor(mostRemembered / (2 * size))));
    this.#descent = new Descent(lower, trials, this.#pairs);
    this.#pass = new Pass(
      'g and its gradient',
      problem,
      ({ g, lower }) => {
        const v = lower.map(({ value }) => value);
        const gradients = gradient(reduceSum(g), v);
        const sums = gradients.map((node, index) => [this.#descent.gradient[index] ?? '', node] as const);
        return { values: { g }, sums: Object.fromEntries(sums) };
      },
      batches,
    );
  }

  /** What is to be compiled. */
  get steps() {
    return [...this.#pass.steps, ...this.#descent.steps];
  }

  /**
   * @param upper the upper variables, by binding name
   * @param start where v starts, by binding name; where the problem lets it start by default
   * @returns what was found, and v by binding name, which the next search overwrites
   * @throws NON_FINITE when g or its gradient is not finite at the start; ABORTED
   */
  async find(
    upper: Tensors,
    start: Tensors | undefined,
    { tolerance, maxSteps }: Search,
    { signal, onStep }: { readonly signal?: AbortSignal | undefined; readonly onStep?: OnStep | undefined } = {},
  ): Promise<{ readonly found: Found; readonly v: Tensors }> {
    const { memory } = this.#device;
    const descent = this.#descent;
    using _fixed = memory.fix(Object.values(this.#pass.arrays));
    using _kept = memory.keep(Object.values(descent.tensors));
    // Rows without a pair are combined with the weight 0, and so must be finite.
    for (const tensor of Object.values(descent.tensors)) memory.clear(tensor);
    const { trials = 1, lower } = this.#problem;
    let passes = 0;
    const cost = async (): Promise<number> => {
      for (const name of descent.gradient) memory.clear(tensorOf(descent.tensors, name));
      passes++;
      const { g = Number.NaN } = await this.#pass.run([descent.tensors, upper], signal);
      return g * trials;
    };
    const begin = async (from: readonly Tensor[]): Promise<{ present: number; standing: Standing }> => {
      for (const [index, tensor] of from.entries()) {
        memory.copy(tensor, tensorOf(descent.tensors, `v/${lower[index]?.name}`));
      }
      const present = await cost();
      const standing = await descent.begin();
      if (Number.isFinite(present) && Number.isFinite(standing.residual)) return { present, standing };
      throw notFinite(present, standing);
    };

    let { present, standing } = await begin(lower.map(({ initial }) => initial));
    const reference = standing.gradient > 0 ? standing.gradient : 1;
    if (start !== undefined)
      ({ present, standing } = await begin(lower.map(({ name }) => tensorOf(start, `v/${name}`))));

    const pairs = new QuasiNewton(this.#pairs);
    const settling = new Settling(standing.residual);
    const recent = [present];
    let spectral = firstLength(present, standing);
    let status: ResponseStatus = 'precision';
    let steps = 0;
    const direct = (): Promise<Direction> =>
      this.#isKept ? descent.project(spectral) : descent.combine(pairs.direction());
    for (;;) {
      if (standing.residual <= tolerance * reference) {
        status = 'converged';
        break;
      }
      if (steps === maxSteps) {
        status = 'steps';
        break;
      }
      const direction = await direct();
      const trial = await this.#search(direction, { present, standing, pairs, recent }, async (length) => {
        await descent.move(length);
        return { cost: await cost(), slope: await descent.slope() };
      });
      if (trial === undefined) {
        if (pairs.isEmpty) break;
        pairs.forget();
        continue;
      }
      const row = pairs.nextRow();
      standing = await descent.accept(row);
      const products = await descent.products(row);
      pairs.add(row, products);
      const [length = 0, curvature = 0] = Array.from(products.steps).slice(3 * row);
      spectral = curvature > 0 ? length / curvature : 10 * spectral;
      present = trial.cost;
      recent.push(present);
      if (recent.length > window) recent.shift();
      steps++;
      settling.add(trial.length * direction.length, standing.residual);
      onStep?.({ steps, g: present / trials, residual: standing.residual / reference });
    }
    const nextStep = standing.residual > 0 && !pairs.isEmpty ? (await direct()).length : 0;
    const distance = settling.remaining() ?? nextStep;
    const remaining = distance === 0 ? 0 : distance / Math.max(standing.length, standing.moved);
    if (status === 'converged' && remaining > mostRemaining) status = 'flat';
    const v = Object.fromEntries(lower.map(({ name }) => [`v/${name}`, tensorOf(descent.tensors, `point/${name}`)]));
    await memory.pull(Object.values(v));
    const found = {
      g: present / trials,
      lowerGradientNorm: standing.residual,
      residual: standing.residual / reference,
      remaining,
      curvature: pairs.curvature,
      status,
      converged: status === 'converged',
      steps,
      passes,
    };
    return { found, v };
  }

  /** A step along a direction. */
  async #search(
    direction: Direction,
    {
      present,
      standing,
      pairs,
      recent,
    }: {
      readonly present: number;
      readonly standing: Standing;
      readonly pairs: QuasiNewton;
      readonly recent: readonly number[];
    },
    at: (length: number) => Promise<{ readonly cost: number; readonly slope: number }>,
  ): Promise<Trial | undefined> {
    if (!(direction.slope < 0)) return undefined;
    const start = { cost: present, slope: direction.slope };
    if (this.#isKept) return lineSearch(start, at, { length: 1, most: 1, reference: Math.max(...recent) });
    const length = pairs.isEmpty ? firstLength(present, standing) : 1;
    return lineSearch(start, at, { length, most: reach * length });
  }

  [Symbol.dispose](): void {
    this.#pass[Symbol.dispose]();
    this.#descent[Symbol.dispose]();
  }
}

/** The length of a first step along minus the gradient (Hager and Zhang 2005, I0). */
function firstLength(cost: number, { residual, length }: Standing): number {
  if (residual === 0) return 1;
  if (length > 0) return (0.01 * length) / residual;
  return cost === 0 ? 1 : (0.01 * Math.abs(cost)) / residual ** 2;
}

function notFinite(g: number, { residual }: Standing): BilevelError {
  const [what, value] = Number.isFinite(g) ? ['|grad_v g|', residual] : ['g', g];
  return new BilevelError(
    'NON_FINITE',
    `${what} is ${value} where the search for v* begins, over all rows. Look at u, and at where v starts.`,
  );
}

function tensorOf(tensors: Tensors, name: string): Tensor {
  const tensor = tensors[name];
  if (tensor === undefined) throw new RangeError(`There is no tensor ${name}.`);
  return tensor;
}
