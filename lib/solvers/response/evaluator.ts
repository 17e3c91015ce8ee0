import type { BilevelProblem } from '../../bilevel/index.js';
import type { Device } from '../../engine/index.js';
import { gradient, input, type Node, reduceSum, topologicalOrder } from '../../graph/index.js';
import { Tensor } from '../../tensor.js';
import { StatedStep } from '../machine/stated-step.js';
import { type Metrics, metricName, writeMetric } from './metrics.js';
import { Pass } from './pass.js';
import { residual } from './stationarity.js';

type Tensors = Readonly<Record<string, Tensor>>;

export interface PointValues {
  /** f(u, v), all rows; with trials the mean over them. */
  readonly f: number;
  readonly g: number;
  /** |grad_v g|, or where v is kept in sets |v - P(v - grad_v g)|; with trials over all of them together. */
  readonly lowerGradientNorm: number;
}

/** Costs and other quantities of points on all rows. */
export class Evaluator implements Disposable {
  readonly #device: Device;
  readonly #passes: readonly Pass[];
  readonly #gradient: Tensors;
  readonly #residual: StatedStep;
  readonly #metrics: readonly string[];

  /**
   * @param batches mini-batches that stand for a feed whose rows cannot be gone through
   * @throws as Pass, and what a metric throws
   */
  constructor(problem: BilevelProblem, metrics: Metrics, device: Device, batches: number | undefined) {
    this.#device = device;
    this.#metrics = Object.keys(metrics);
    const { lower, trials } = problem;
    const [at, along] = [
      lower.map(({ whole }) => whole),
      lower.map(({ name, whole }) => input(`gradient/${name}`, whole.shape)),
    ];
    this.#gradient = Object.fromEntries(
      lower.map(({ name, whole }) => [`gradient/${name}`, Tensor.zeros(whole.shape)]),
    );
    this.#residual = new StatedStep('residual', { outputs: { residual: residual(lower, trials, at, along) } });
    const slope = new Pass(
      'g and its gradient',
      problem,
      ({ g, lower }) => {
        const gradients = gradient(
          reduceSum(g),
          lower.map(({ value }) => value),
        );
        return {
          values: { g },
          sums: Object.fromEntries(lower.map(({ name }, index) => [`gradient/${name}`, gradients[index] as Node])),
        };
      },
      batches,
    );
    const writers: [string, (problem: BilevelProblem) => Node][] = [
      ['f', ({ f }) => f],
      ...Object.entries(metrics).map(([name, metric]): [string, (problem: BilevelProblem) => Node] => [
        metricName(name),
        ({ point }) => writeMetric(name, metric, point),
      ]),
    ];
    this.#passes = [slope, ...byFeeds(problem, writers).map((each) => passOver(problem, each, batches))];
  }

  /** What is to be compiled. */
  get steps(): readonly StatedStep[] {
    return [...this.#passes.flatMap(({ steps }) => steps), this.#residual];
  }

  /**
   * @param point variables of both levels, by binding name
   * @throws ABORTED
   */
  async at(
    point: Tensors,
    signal: AbortSignal | undefined,
  ): Promise<PointValues & { readonly metrics: Readonly<Record<string, number>> }> {
    const { memory } = this.#device;
    using _fixed = memory.fix(this.#passes.flatMap(({ arrays }) => Object.values(arrays)));
    using _kept = memory.keep(Object.values(this.#gradient));
    for (const tensor of Object.values(this.#gradient)) memory.clear(tensor);
    let values: Readonly<Record<string, number>> = {};
    for (const pass of this.#passes) values = { ...values, ...(await pass.run([point, this.#gradient], signal)) };
    await this.#residual.run([point, this.#gradient]);
    const [lowerGradientNorm = Number.NaN] = this.#residual.output('residual');
    const { f = Number.NaN, g = Number.NaN } = values;
    const metrics = this.#metrics.map((name) => [name, values[metricName(name)] ?? Number.NaN]);
    return { f, g, lowerGradientNorm, metrics: Object.fromEntries(metrics) };
  }

  [Symbol.dispose](): void {
    for (const part of [...this.#passes, this.#residual]) part[Symbol.dispose]();
  }
}

type Writer = readonly [name: string, write: (problem: BilevelProblem) => Node];

/** Quantities that read the same feeds go through them together. */
function byFeeds(problem: BilevelProblem, writers: readonly Writer[]): readonly (readonly Writer[])[] {
  const groups = new Map<string, Writer[]>();
  for (const writer of writers) {
    const used = new Set(topologicalOrder([writer[1](problem)]));
    const key = JSON.stringify(
      problem.feeds.filter(({ drawn }) => drawn.some((node) => used.has(node))).map(({ name }) => name),
    );
    groups.set(key, [...(groups.get(key) ?? []), writer]);
  }
  return [...groups.values()];
}

function passOver(problem: BilevelProblem, writers: readonly Writer[], batches: number | undefined): Pass {
  const write = (whole: BilevelProblem) => ({
    values: Object.fromEntries(writers.map(([name, write]) => [name, write(whole)])),
  });
  return new Pass(writers.map(([name]) => name).join(', '), problem, write, batches);
}
