import { join } from 'node:path';
import { writeFileAtomic } from '../../../data/files.js';
import { BilevelError, checkKeys, invalidArgument, isRecord } from '../../../errors.js';
import { type Decision, DecisionsFile, decisionOf, decisionsSoFar, type Review } from '../../../review/index.js';
import { type EndedRun, readEndedRun, reviewIn } from '../review.js';
import { encodeCleanedTable, encodeJudgedTable } from './cleaned-labels.js';
import { overruled } from './decisions.js';

/** Options of {@link openReview}. */
export interface OpenReviewOptions {
  /** Samples that weigh less are put before the reader; 1/2 by default. */
  readonly below?: number | undefined;
  /** Most of them, the lightest; 1000 by default. */
  readonly count?: number | undefined;
}

/** The suspicious samples of a cleaning, and what a person decides of each. */
export class LabelReview implements Review {
  readonly title: string;
  readonly classes: readonly string[];
  readonly samples: Review['samples'];
  readonly show: Review['show'];
  readonly #folder: string;
  readonly #run: EndedRun;
  readonly #decisions: DecisionsFile;

  /** Made by {@link openReview} alone. */
  constructor(folder: string, run: EndedRun, review: Review, decisions: DecisionsFile) {
    this.title = review.title;
    this.classes = review.classes;
    this.samples = review.samples;
    this.show = review.show;
    this.#folder = folder;
    this.#run = run;
    this.#decisions = decisions;
  }

  /** The file of decisions, which another cleaning takes as `decisions`. */
  get path(): string {
    return this.#decisions.path;
  }

  /** What was decided of a sample; undefined before that. @param index of the sample in the data set */
  decision(index: number): Decision | undefined {
    return this.#decisions.get(index);
  }

  /**
   * Decides on a sample, or with undefined takes that back. Resolves when the file says so.
   * @throws INVALID_ARGUMENT for a sample that is not in the review, or a class that there is not; IO_ERROR
   */
  async decide(index: number, decision: Decision | undefined): Promise<void> {
    if (!this.samples.some((sample) => sample.index === index)) {
      throw invalidArgument('index', 'that of a sample of the review', index);
    }
    await this.#decisions.set(index, decision === undefined ? undefined : this.#checked(decision));
  }

  #checked(given: unknown): Decision {
    const decision = isRecord(given) ? decisionOf(given.decision, given.label) : undefined;
    if (decision === undefined || (decision.decision === 'fix' && decision.label >= this.classes.length)) {
      const expected = `{ decision: 'keep' }, { decision: 'drop' } or { decision: 'fix', label } with a label below ${this.classes.length}`;
      throw invalidArgument('decision', expected, given);
    }
    return decision;
  }

  /**
   * Writes judged.csv and cleaned.csv of the cleaning again, with what has been decided since: a label that was kept or
   * fixed counts, and a sample that was dropped, or is suspicious and undecided, is left out of cleaned.csv.
   * @returns the paths
   * @throws IO_ERROR
   */
  async save(): Promise<{ readonly judged: string; readonly cleaned: string }> {
    const { dataset, samples } = this.#run;
    const { records, classes } = dataset;
    if (records === undefined) throw new BilevelError('INVALID_DATA', 'These data have no table of their owner.');
    const decisions = this.#decisions.all;
    const found = overruled(
      {
        weights: samples.map(({ weight }) => weight),
        suspicious: samples.map(({ weight }) => Number(weight < 0.5)),
        suggested: samples.map(({ suggested }) => suggested),
      },
      decisions,
    );
    const paths = { judged: join(this.#folder, 'judged.csv'), cleaned: join(this.#folder, 'cleaned.csv') };
    await writeFileAtomic(paths.judged, encodeJudgedTable(records, classes, found, decisions));
    await writeFileAtomic(paths.cleaned, encodeCleanedTable(records, classes, found, decisions));
    return paths;
  }
}

/**
 * Opens the review of a cleaning that has ended: its suspicious samples, lightest first, and at last those that were
 * decided before. Decisions are kept in decisions.csv of its folder.
 * @param folder that of `cleanLabels`, or of `bilevel denoise` on data of one's own
 * @throws NOT_FOUND when the folder holds none, or one that has not ended; INVALID_ARGUMENT, UNKNOWN_OPTION;
 *   INVALID_FILE; what reading the data throws
 */
export async function openReview(folder: string, options: OpenReviewOptions = {}): Promise<LabelReview> {
  if (typeof folder !== 'string' || folder === '') throw invalidArgument('folder', 'the path of a folder', folder);
  checkKeys(options, ['below', 'count'], 'openReview');
  const { below = 0.5, count = 1000 } = options;
  if (typeof below !== 'number' || !(below >= 0)) throw invalidArgument('below', 'a number from 0', below);
  if (!Number.isSafeInteger(count) || count < 1) throw invalidArgument('count', 'an integer from 1', count);
  const path = join(folder, 'decisions.csv');
  const [run, decided] = [await readEndedRun(folder), await decisionsSoFar(path)];
  const review = reviewIn(run, { below, count, decided });
  return new LabelReview(folder, run, review, await DecisionsFile.open(path, review.classes));
}
