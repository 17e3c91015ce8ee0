import { Classifier, filterSamples } from '../../network/classifier.js';
import { runningStatistics } from '../../network/running-statistics.js';
import { imageDataUri } from '../../report/gallery.js';
import {
  evaluate,
  findMethod,
  type MethodSolver,
  type MethodState,
  respond,
  type SavedState,
} from '../../solvers/index.js';
import type { Resources, Run, Step } from '../../study/index.js';
import type { RunFolder } from '../../study/run-folder.js';
import type { Tensor } from '../../tensor.js';
import { type Attack, beginAttack } from './attack.js';
import { changesOf } from './changes.js';
import type { PoisoningInputs } from './data.js';
import { harmsOf } from './harm.js';
import type { PoisoningRunSettings, PoisoningSettings, PoisoningStudySettings } from './settings.js';

/** Poison points that are shown of a run. */
const shown = 24;

/** Ends no run: the best point is kept as long as there are iterations. */
const patience = Number.MAX_SAFE_INTEGER;

/** A poison point. */
export interface PoisonPoint {
  readonly label: string;
  readonly trueLabel: string;
  /** How much f(u, v*) rises without it, in an audit. */
  readonly harm?: number;
  /** How it started and how it ended, as PNG images in data URIs. */
  readonly images?: readonly [before: string, after: string];
  /** Of other samples the inputs that changed most. */
  readonly changes?: readonly string[];
}

/** What the poison of a run does to networks that are trained on it from their first parameters. */
export interface PoisoningEnding {
  /** Share of the test points that are told right, in per cent. */
  readonly accuracy: number;
  /** Share of the attacked class's test points that are taken for the other one, in per cent; NaN without any. */
  readonly success: number;
  /** f(u, v*), and |grad_v g| there as `respond` has it. */
  readonly response: number;
  readonly residual: number;
  /** f(u, v*) of the points as they started. */
  readonly first: number;
  /** Some of them: in an audit the most harmful ones, else the first. */
  readonly points: readonly PoisonPoint[];
}

/** A line of a run's metrics. */
export interface PoisoningRow {
  readonly iteration: number;
  /** f and g where the method stands. */
  readonly f: number;
  readonly g: number;
  readonly lowerGradientNorm: number;
  readonly wallMs: number;
  /** f(u, v*), when it was measured. */
  readonly response?: number;
}

/** One way to poison, with one seed. */
export class PoisoningRun implements Run<PoisoningEnding> {
  readonly #inputs: PoisoningInputs;
  readonly #settings: PoisoningSettings;
  readonly #iterations: number;
  readonly #isAudit: boolean;
  readonly #resources: Pick<Resources, 'device' | 'signal' | 'report'>;
  readonly #attack: Attack;
  readonly #solver: MethodSolver | undefined;
  readonly #state: MethodState | undefined;

  /**
   * @throws INVALID_ARGUMENT where there are too few points to start from; STATE_MISMATCH for a state of another run
   */
  constructor(
    { name, points }: PoisoningRunSettings,
    inputs: PoisoningInputs,
    settings: PoisoningSettings,
    {
      iterations,
      judgeEvery,
      audit,
      options,
    }: Pick<PoisoningStudySettings, 'iterations' | 'judgeEvery' | 'audit' | 'options'>,
    { device, signal, report }: Pick<Resources, 'device' | 'signal' | 'report'>,
    saved?: SavedState,
  ) {
    this.#inputs = inputs;
    this.#settings = settings;
    this.#iterations = iterations;
    this.#isAudit = audit && name !== 'none';
    this.#resources = { device, signal, report };
    this.#attack = beginAttack(name, points, inputs, settings);
    const chosen = options[name];
    if (chosen === undefined) return;
    this.#solver = findMethod(name)(this.#attack.problem, chosen, { device, evaluateEvery: judgeEvery, patience });
    this.#state = saved === undefined ? this.#solver.init() : this.#solver.restore(saved);
  }

  async *steps(): AsyncGenerator<Step & { readonly row: PoisoningRow }, void, undefined> {
    const [solver, state] = [this.#solver, this.#state];
    if (solver === undefined || state === undefined) return;
    const total = this.#iterations;
    const { signal } = this.#resources;
    let judged = '';
    const left = Math.max(0, total - state.counters.iteration);
    for await (const { iteration, f, g, lowerGradientNorm, wallMs, response } of solver.run({
      state,
      iterations: left,
      signal,
    })) {
      if (response !== undefined) judged = `  f(u, v*) ${response.f.toFixed(3)}`;
      yield {
        row: { iteration, f, g, lowerGradientNorm, wallMs, ...(response && { response: response.f }) },
        done: iteration,
        total,
        detail: `f ${f.toFixed(3)}${judged}`,
      };
    }
  }

  save(): SavedState {
    const [solver, state] = [this.#solver, this.#state];
    return solver === undefined || state === undefined ? { tensors: new Map(), values: {} } : solver.serialize(state);
  }

  /** The best points, and how networks do that are trained on them. @throws ABORTED */
  async end(folder: Pick<RunFolder, 'networkPath'>): Promise<PoisoningEnding> {
    const { network, test, box } = this.#inputs;
    const { points } = this.#attack;
    const { device } = this.#resources;
    const started = box.toUnit(points.inputs);
    const poison = (this.#state?.u.poison ?? started) as Tensor<'float32'>;
    const before = await this.#response(started);
    const after = this.#state === undefined ? before : await this.#response(poison);
    const harms = this.#isAudit
      ? await harmsOf(this.#attack, poison, after, this.#inputs, this.#settings, this.#resources)
      : undefined;
    const statistics = await runningStatistics(network, this.#inputs.train.inputs, after.v, { device });
    const parameters = { ...after.v, ...statistics };
    await network.save(folder.networkPath, parameters);
    using classifier = new Classifier(network, device);
    const { from, to } = this.#settings;
    const ofClass = filterSamples(test, (row) => Number(test.labels.data[row]) === from);
    const predicted = ofClass.labels.size === 0 ? [] : await classifier.predict(ofClass.inputs, parameters);
    return {
      accuracy: 100 * (await classifier.accuracy(test, parameters)),
      success: (100 * predicted.filter((label) => label === to).length) / predicted.length,
      response: after.f,
      residual: after.residual,
      first: before.f,
      points: this.#points(box.inputsOf(poison, points.inputs), harms),
    };
  }

  /** A network that is trained from its first parameters on g alone, and f there. */
  async #response(poison: Tensor<'float32'>) {
    const { problem } = this.#attack;
    const { device, signal } = this.#resources;
    const u = { poison };
    const { v, residual } = await respond(problem, u, { device, signal });
    const { f } = await evaluate(problem, { u, v }, { device, signal });
    return { v, residual, f };
  }

  /** @param poison inputs of the points as they ended */
  #points(poison: Tensor<'float32'>, harms: readonly number[] | undefined): PoisonPoint[] {
    const { points } = this.#attack;
    const { classes } = this.#inputs;
    if (this.#state === undefined && harms === undefined) return [];
    const nameOf = (labels: Tensor<'int64'>, index: number): string => classes[Number(labels.data[index])] ?? '';
    const order = Array.from({ length: points.labels.size }, (_, index) => index);
    if (harms !== undefined) order.sort((a, b) => (harms[b] ?? 0) - (harms[a] ?? 0) || a - b);
    return order.slice(0, shown).map((index) => ({
      label: nameOf(points.labels, index),
      trueLabel: nameOf(points.trueLabels, index),
      ...(harms && { harm: harms[index] ?? Number.NaN }),
      ...(poison.shape.length === 4
        ? { images: [imageDataUri(points.inputs, index), imageDataUri(poison, index)] as const }
        : { changes: changesOf(this.#inputs, points.inputs, poison, index) }),
    }));
  }

  [Symbol.dispose](): void {
    this.#solver?.dispose();
  }
}
