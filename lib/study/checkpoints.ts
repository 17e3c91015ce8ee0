import type { Run } from './job.js';
import type { JobBoard } from './job-board.js';
import type { RunFolder } from './run-folder.js';

/** Keeps where a job stands. */
export class Checkpoints {
  readonly #run: Pick<Run<object>, 'save'>;
  readonly #folder: RunFolder;
  readonly #board: JobBoard | undefined;
  readonly #everyMs: number;
  readonly #seconds: () => number;
  /** The first step is always due: what a job does before it may have cost much. */
  #keptAt = Number.NEGATIVE_INFINITY;
  #kept: boolean;

  /**
   * @param board is told of the states that are kept
   * @param everySeconds the longest time without a checkpoint while steps are made
   * @param seconds tells the wall time of the job so far
   * @param kept whether the folder holds the run as it is
   */
  constructor(
    run: Pick<Run<object>, 'save'>,
    folder: RunFolder,
    board: JobBoard | undefined,
    everySeconds: number,
    seconds: () => number,
    kept: boolean,
  ) {
    this.#run = run;
    this.#folder = folder;
    this.#board = board;
    this.#everyMs = 1000 * everySeconds;
    this.#seconds = seconds;
    this.#kept = kept;
  }

  /** @param ending what the job has come to, when that is its end */
  async keep(ending?: object): Promise<void> {
    const saved = this.#run.save();
    await this.#folder.saveState(saved, { seconds: this.#seconds(), ...(ending && { ending }) });
    this.#board?.state(saved);
    this.#keptAt = performance.now();
    this.#kept = true;
  }

  /** After a step: keeps it when that is due. */
  async offer(due: boolean): Promise<void> {
    this.#kept = false;
    if (due || performance.now() - this.#keptAt >= this.#everyMs) await this.keep();
  }

  /** When the job is stopped: keeps what no checkpoint has. */
  async keepRest(): Promise<void> {
    if (!this.#kept) await this.keep();
  }
}
