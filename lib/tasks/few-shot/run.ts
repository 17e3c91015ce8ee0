import { BilevelError, isRecord } from '../../errors.js';
import { mean } from '../../numbers.js';
import type { Network } from '../../onnx/index.js';
import { meanAndDeviation } from '../../report/tables.js';
import type { SavedState } from '../../solvers/index.js';
import type { Resources, Rows, Run, Step } from '../../study/index.js';
import type { RunFolder } from '../../study/run-folder.js';
import type { Tensor } from '../../tensor.js';
import { type ApproachName, approaches } from './approaches.js';
import type { FewShotData } from './data.js';
import { Learner } from './learner.js';
import type { FewShotSettings } from './settings.js';

export interface RunInputs {
  readonly network: Network;
  readonly data: FewShotData;
}

/** One line of a run's metrics: an iteration, and where tasks of the validation classes were tried their accuracy. */
interface Line {
  readonly iteration: number;
  /** f on its way, or the cost of the single level. */
  readonly cost: number;
  readonly milliseconds: number;
  /** Mean accuracy in per cent. */
  readonly validation?: number;
}

/** What a run has come to. */
export interface Ending {
  /** Accuracies of the tasks of the test, in per cent: mean and half the width of its 95 % interval. */
  readonly accuracy: number;
  readonly interval: number;
  readonly tasks: number;
  /** Iterations after which the state that is tested was found. */
  readonly iteration: number;
}

/** The best state so far, by the tasks of the validation classes. */
interface Best {
  readonly iteration: number;
  readonly validation: number;
}

const [ofSolver, ofBest] = ['solver/', 'best/'];

/** Seeds of tasks, apart from those of the training. */
const [validationSeed, testSeed] = [1_000_003, 2_000_003];

/** One way to learn with one seed. */
export class FewShotRun implements Run<Ending> {
  readonly #settings: FewShotSettings;
  readonly #inputs: RunInputs;
  readonly #resources: Resources;
  readonly #learner: Learner;
  #best: Best | undefined;
  #tensors: Readonly<Record<string, Tensor>> = {};

  /** @throws STATE_MISMATCH for a state of another run */
  constructor(
    name: ApproachName,
    settings: FewShotSettings,
    inputs: RunInputs,
    resources: Resources,
    saved?: SavedState,
  ) {
    const approach = approaches[name];
    this.#settings = settings;
    this.#inputs = inputs;
    this.#resources = resources;
    const parts = saved && partsOf(saved);
    this.#best = parts?.best;
    this.#tensors = parts?.tensors ?? {};
    this.#learner = new Learner(approach, inputs.network, inputs.data, settings, resources.device, parts?.solver);
  }

  async *steps(): AsyncGenerator<Step & { readonly row: Line }, void, undefined> {
    const { iterations, evaluations } = this.#settings;
    const { signal } = this.#resources;
    const every = Math.ceil(iterations / evaluations);
    while (this.#learner.iteration < iterations) {
      const start = performance.now();
      const cost = await this.#learner.step(signal);
      const milliseconds = Number((performance.now() - start).toFixed(3));
      const { iteration } = this.#learner;
      const isTried = iteration % every === 0 || iteration === iterations;
      const validation = isTried ? { validation: await this.#validate(iteration) } : {};
      yield {
        row: { iteration, cost, milliseconds, ...validation },
        done: iteration,
        total: iterations,
        detail: `cost ${cost.toPrecision(3)}${this.#best === undefined ? '' : `, best ${this.#best.validation.toFixed(1)} %`}`,
        keep: isTried,
      };
    }
  }

  /** Accuracy of tasks of the validation classes in per cent; where it is the best so far, the state is kept. */
  async #validate(iteration: number): Promise<number> {
    const shared = this.#learner.shared();
    const { validationTasks: count } = this.#settings;
    const validation = 100 * mean(await this.#judge('validation', shared, count, validationSeed));
    if (this.#best === undefined || validation > this.#best.validation) {
      this.#best = { iteration, validation };
      this.#tensors = shared;
    }
    return validation;
  }

  #judge(
    part: 'validation' | 'test',
    shared: Readonly<Record<string, Tensor>>,
    count: number,
    seed: number,
  ): Promise<number[]> {
    const { signal, report } = this.#resources;
    const stage = part === 'test' ? 'Test' : 'Validation';
    return this.#learner.judge(shared, this.#inputs.data[part], {
      count,
      seed: seed + this.#settings.seed,
      signal,
      onProgress: (done) => report(stage, done, count),
    });
  }

  save(): SavedState {
    const { tensors, values } = this.#learner.save();
    const named = (prefix: string, of: Iterable<readonly [string, Tensor]>): [string, Tensor][] =>
      Array.from(of, ([name, tensor]) => [`${prefix}${name}`, tensor]);
    return {
      tensors: new Map([...named(ofSolver, tensors), ...named(ofBest, Object.entries(this.#tensors))]),
      values: { solver: values, best: this.#best ?? null },
    };
  }

  /** Tries tasks of the test classes with the best state, and writes its network. */
  async end(folder: Pick<RunFolder, 'networkPath'>): Promise<Ending> {
    const { testTasks } = this.#settings;
    const accuracies = (await this.#judge('test', this.#tensors, testTasks, testSeed)).map((share) => 100 * share);
    const { network } = this.#inputs;
    const names = Object.keys(network.initialParameters());
    const parameters = Object.fromEntries(names.map((name) => [name, this.#tensors[name] as Tensor]));
    await network.save(folder.networkPath, {
      ...parameters,
      ...(await this.#learner.statistics(this.#tensors)),
    });
    const { mean: accuracy, deviation = 0 } = meanAndDeviation(accuracies);
    const interval = (1.96 * deviation) / Math.sqrt(accuracies.length);
    return { accuracy, interval, tasks: accuracies.length, iteration: this.#best?.iteration ?? 0 };
  }

  [Symbol.dispose](): void {
    this.#learner[Symbol.dispose]();
  }
}

/** @throws STATE_MISMATCH for what is no state of such a run */
function partsOf({ tensors, values }: SavedState) {
  if (!isRecord(values) || !('solver' in values) || !isBest(values.best)) {
    throw new BilevelError('STATE_MISMATCH', 'The saved state is not that of a few-shot run.');
  }
  const named = (prefix: string): [string, Tensor][] =>
    [...tensors].flatMap(([name, tensor]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), tensor]] : []));
  return {
    solver: { tensors: new Map(named(ofSolver)), values: values.solver },
    tensors: Object.fromEntries(named(ofBest)),
    best: values.best ?? undefined,
  };
}

function isBest(value: unknown): value is Best | null {
  return value === null || (isRecord(value) && [value.iteration, value.validation].every(Number.isFinite));
}

/** What a run has come to, and what its lines tell. */
export interface Measured extends Partial<Ending> {
  /** Validation accuracies in per cent by iteration. */
  readonly validation: readonly { readonly iteration: number; readonly accuracy: number; readonly seconds: number }[];
  /** Wall time of all iterations, without judging. */
  readonly seconds: number;
}

/** @throws INVALID_FILE for lines of something else */
export function measure(title: string, rows: Rows, ending: Ending | undefined): Measured {
  let seconds = 0;
  const validation = rows.flatMap((row) => {
    const { iteration, milliseconds, validation } = row;
    if (typeof iteration !== 'number' || typeof milliseconds !== 'number') {
      throw new BilevelError('INVALID_FILE', `The metrics of ${title} have a line of something else.`);
    }
    seconds += milliseconds / 1e3;
    return typeof validation === 'number' ? [{ iteration, accuracy: validation, seconds }] : [];
  });
  return { ...ending, validation, seconds };
}
