import {
  type BilevelProblem,
  type FeedInputs,
  feedBinding,
  isResident,
  type ResidentInputs,
} from '../../bilevel/index.js';
import { full } from '../../data/samplers/full.js';
import { shuffled } from '../../data/samplers/shuffled.js';
import { BilevelError } from '../../errors.js';
import { add, cast, input, mean, mul, type Node, topologicalOrder } from '../../graph/index.js';
import { Tensor } from '../../tensor.js';
import { Batches } from '../machine/batches.js';
import { inputName } from '../machine/input-name.js';
import { StatedStep } from '../machine/stated-step.js';
import { divide, rowsOfPart } from './parts.js';

type Tensors = Readonly<Record<string, Tensor>>;
type Range = readonly [start: number, end: number];

/** What is taken over all rows, in the nodes of a problem. */
export interface Summands {
  /** Numbers by name: of a node of any shape the mean of its elements. */
  readonly values: Readonly<Record<string, Node>>;
  /** Vectors by the names of the tensors that they are added to. */
  readonly sums?: Readonly<Record<string, Node>>;
}

/** The steps of a pass that see parts of the same sizes. */
interface Sweep {
  readonly step: StatedStep;
  /** Their numbers in the pass. */
  readonly positions: readonly number[];
  /** What each of them sees, by binding name. */
  readonly tensors: Record<string, Tensor>;
}

/**
 * Means over all rows of the feeds that some quantities read, mini-batch by mini-batch, of which each counts by its
 * rows. A feed is cut into parts as equal as they can be, of at most its batch, in the order of its rows. Of a stream,
 * or a feed whose sampler draws otherwise, the first mini-batches are taken. Random keys are the same in every pass,
 * and no images are augmented.
 */
export class Pass implements Disposable {
  /** What is to be compiled. */
  readonly steps: readonly StatedStep[];
  /** Arrays of the feeds, by binding name. */
  readonly arrays: Tensors;
  readonly #stated: BilevelProblem;
  readonly #write: (problem: BilevelProblem) => Summands;
  readonly #divided: readonly ResidentInputs[];
  /** The other feeds that are read. */
  readonly #drawn: readonly FeedInputs[];
  /** Rows that each of the divided feeds shows in every step. */
  readonly #ranges: readonly (readonly Range[])[];
  /** Share of every step. */
  readonly #weights: readonly number[];
  readonly #sweeps: readonly Sweep[];
  #isDrawn = false;

  /**
   * @param name what it computes, for messages
   * @param write writes the quantities in the nodes of a problem
   * @param batches mini-batches that stand for a feed whose rows cannot be gone through
   * @throws INVALID_ARGUMENT for feeds that cannot be gone through; what writing the costs anew throws
   */
  constructor(
    name: string,
    problem: BilevelProblem,
    write: (problem: BilevelProblem) => Summands,
    batches: number | undefined,
  ) {
    const stated = asGiven(problem);
    this.#stated = stated;
    this.#write = write;
    this.arrays = new Batches(stated).arrays;
    const used = usedBy(write(stated));
    const read = stated.feeds.filter(({ drawn }) => drawn.some((node) => used.has(node)));
    this.#divided = read.filter(isDivided);
    this.#drawn = read.filter((inputs) => !isDivided(inputs));
    const [other] = this.#drawn;
    if (other !== undefined && batches === undefined) throw cannotPass(other);
    const sizes = this.#divided.map(({ name, feed: { size, batch = size } }) => ({ name, size, batch }));
    const { steps, parts } = divide(sizes, other === undefined ? 1 : batches);
    const numbers = Array.from({ length: steps }, (_, step) => step);
    this.#ranges = sizes.map(({ size }, index) => {
      const count = parts[index] ?? 1;
      return numbers.map((step) => rowsOfPart(size, count, step % count));
    });
    this.#weights = numbers.map((step) =>
      sizes.reduce(
        (weight, { size }, index) => weight * (this.#rows(index, step) / size) * (parts[index] ?? 1),
        1 / steps,
      ),
    );
    const bySizes = new Map<string, number[]>();
    for (const step of numbers) {
      const key = sizes.map((_, index) => this.#rows(index, step)).join();
      bySizes.set(key, [...(bySizes.get(key) ?? []), step]);
    }
    this.#sweeps = [...bySizes.values()].map((positions) => this.#sweep(name, positions));
    this.steps = this.#sweeps.map(({ step }) => step);
  }

  /** Rows of a divided feed in a step. */
  #rows(index: number, step: number): number {
    const [start = 0, end = 0] = this.#ranges[index]?.[step] ?? [];
    return end - start;
  }

  #sweep(name: string, positions: readonly number[]): Sweep {
    const count = positions.length;
    const batches = this.#divided.map((_, index) => this.#rows(index, positions[0] ?? 0));
    const problem = withBatches(this.#stated, this.#divided, batches);
    const { values, sums = {} } = this.#write(problem);
    const used = usedBy({ values, sums });
    const drawn = [problem.key, ...problem.feeds.flatMap((inputs) => inputs.drawn)].filter((node) => used.has(node));
    const weight = input('weight', []);
    const updates = Object.entries(sums).map(([name, value]): [Node, Node] => {
      const sum = input(name, value.shape);
      return [sum, add(sum, mul(weight, value))];
    });
    const perStepOutputs = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, meanOf(value)]));
    const perStep = [...(updates.length > 0 ? [weight] : []), ...drawn];
    const tensors: Record<string, Tensor> = {
      weight: Tensor.from(positions.map((step) => this.#weights[step] ?? 0)),
      key: Tensor.from(
        positions.flatMap((step) => [problem.seed, step]),
        [count, 2],
        'int32',
      ),
    };
    for (const [index, { name }] of this.#divided.entries()) {
      const rows = positions.flatMap((step) => {
        const [start = 0, end = 0] = this.#ranges[index]?.[step] ?? [];
        return Array.from({ length: end - start }, (_, row) => start + row);
      });
      tensors[feedBinding(name, 'index')] = Tensor.from(rows, [count, batches[index] ?? 0], 'int32');
    }
    const step = new StatedStep(name, { perStep, perStepOutputs, updates }, { hoist: count > 1 });
    return { step, positions, tensors };
  }

  /**
   * The values, and the sums added to the tensors of their names.
   * @param sources all that is read besides the feeds, and what is added to; the first with a name counts
   * @throws what the engine, samplers and streams throw; ABORTED
   */
  async run(sources: readonly Tensors[], signal: AbortSignal | undefined): Promise<Readonly<Record<string, number>>> {
    await this.#draw(signal);
    const means: Record<string, number> = {};
    for (const { step, positions, tensors } of this.#sweeps) {
      await step.run([tensors, ...sources, this.arrays], { steps: positions.length, signal });
      for (const name of Object.keys(step.step.perStepOutputs ?? {})) {
        const values = step.output(name);
        means[name] = positions.reduce(
          (sum, position, index) => sum + (this.#weights[position] ?? 0) * (values[index] ?? Number.NaN),
          means[name] ?? 0,
        );
      }
    }
    return means;
  }

  /** Draws the mini-batches of feeds whose rows are not gone through, once. */
  async #draw(signal: AbortSignal | undefined): Promise<void> {
    if (this.#isDrawn || this.#drawn.length === 0) return;
    const { key, seed } = this.#stated;
    using batches = new Batches({ feeds: this.#drawn, key, seed });
    const wanted = new Set(this.#drawn.flatMap(({ drawn }) => drawn.map(inputName)));
    const steps = this.#weights.length;
    const all = await batches.draw(batches.initialSamplers(), 0, wanted, { steps, signal });
    for (const { positions, tensors } of this.#sweeps) {
      for (const name of wanted) {
        const tensor = all[name];
        if (tensor !== undefined) tensors[name] = takeRows(tensor, positions);
      }
    }
    this.#isDrawn = true;
  }

  [Symbol.dispose](): void {
    for (const step of this.steps) step[Symbol.dispose]();
  }
}

/** Whether its mini-batches are parts of all rows, so that a pass can go through these. */
function isDivided(inputs: FeedInputs): inputs is ResidentInputs {
  return isResident(inputs) && inputs.feed.sampler === shuffled;
}

function cannotPass(inputs: FeedInputs): BilevelError {
  const what = isResident(inputs)
    ? `whose sampler (${inputs.feed.sampler.description}) does not draw all rows alike`
    : 'which comes batch by batch';
  return new BilevelError(
    'INVALID_ARGUMENT',
    `There is no pass over all rows of the feed ${inputs.name}, ${what}. Say with the option batches how many of its mini-batches are ` +
      'to stand for it, or give another feed of this name.',
  );
}

function usedBy({ values, sums = {} }: Summands): ReadonlySet<Node> {
  return new Set(topologicalOrder([...Object.values(values), ...Object.values(sums)]));
}

function meanOf(value: Node): Node {
  const real = value.dtype === 'float32' ? value : cast(value, 'float32');
  return real.shape.length === 0 ? real : mean(real);
}

/** The problem whose feeds show images as they are. */
function asGiven(problem: BilevelProblem): BilevelProblem {
  const changed = problem.feeds
    .filter(isResident)
    .flatMap(({ name, feed, key }) => (key === undefined ? [] : [[name, { ...feed, augment: {} }] as const]));
  return changed.length === 0 ? problem : problem.withFeeds(Object.fromEntries(changed));
}

/** The problem with mini-batches of other sizes; all rows at once where they fit. */
function withBatches(
  problem: BilevelProblem,
  divided: readonly ResidentInputs[],
  batches: readonly number[],
): BilevelProblem {
  const changed = divided.flatMap(({ name, feed }, index) => {
    const batch = batches[index] ?? feed.size;
    if (batch === feed.batch && batch < feed.size) return [];
    return [[name, batch === feed.size ? { ...feed, batch: undefined, sampler: full } : { ...feed, batch }] as const];
  });
  return changed.length === 0 ? problem : problem.withFeeds(Object.fromEntries(changed));
}

/** Some rows, along the first axis; the tensor itself when these are all. */
function takeRows(tensor: Tensor, rows: readonly number[]): Tensor {
  const [count = 0, ...shape] = tensor.shape;
  if (rows.length === count) return tensor;
  const taken = Tensor.zeros([rows.length, ...shape], tensor.dtype);
  const size = tensor.size / count;
  for (const [place, row] of rows.entries()) {
    (taken.data as { set(values: unknown, start: number): void }).set(
      tensor.data.subarray(row * size, (row + 1) * size),
      place * size,
    );
  }
  return taken;
}
