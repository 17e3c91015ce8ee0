import { create } from '@bufbuild/protobuf';
import { checkKeys, checkRecord, invalidArgument } from '../errors.js';
import { Tensor } from '../tensor.js';
import { EventFile } from './event-file.js';
import { histogramOf } from './histogram.js';
import { type Hyperparameters, type Outcome, sessionEnd, sessionStart } from './hyperparameters.js';
import { imageOf, imagesOf } from './image.js';
import {
  DataClass,
  SessionLog_SessionStatus,
  SessionLogSchema,
  type Summary_Value,
  Summary_ValueSchema,
  SummarySchema,
} from './schema/event_pb.js';
import { seriesOf } from './series.js';

/** Options of {@link tensorBoard}. */
export interface TensorBoardOptions {
  /**
   * What was chosen for the run, by name, for the table and the plots of the tab HParams: numbers, texts, booleans, and
   * records and lists of these, such as `solver.configuration`; none by default.
   */
  readonly hyperparameters?: Hyperparameters | undefined;
}

/**
 * Writes what a run reports to an event file, which TensorBoard shows while the run goes on. What was written is in the
 * file when a call returns, also where the process then dies.
 */
export class TensorBoard implements Disposable {
  readonly #file: EventFile;
  #hasBegun = false;

  private constructor(file: EventFile) {
    this.#file = file;
  }

  /** @throws as {@link tensorBoard} */
  static async open(folder: string, options: TensorBoardOptions = {}): Promise<TensorBoard> {
    if (typeof folder !== 'string' || folder === '') throw invalidArgument('folder', 'the path of a folder', folder);
    checkKeys(options, ['hyperparameters'], 'tensorBoard');
    const { hyperparameters } = options;
    if (hyperparameters !== undefined) checkRecord(hyperparameters, 'hyperparameters');
    const board = new TensorBoard(await EventFile.create(folder));
    if (hyperparameters !== undefined) board.#append(0, [sessionStart(hyperparameters)]);
    return board;
  }

  /** The event file. */
  get path(): string {
    return this.#file.path;
  }

  /**
   * Writes what a solver reported: its numbers as curves over the iterations, those of a response as `response/f`.
   * @throws INVALID_ARGUMENT, IO_ERROR; DISPOSED after {@link close}
   */
  report<R extends { readonly iteration: number }>(report: R): void {
    checkRecord(report, 'report');
    const { iteration, ...told } = report;
    this.scalars(told, iteration);
  }

  /**
   * Writes numbers as points of curves. Records within the record are groups of curves, a list of numbers becomes a
   * histogram, and texts name what the record is about: `{ method: 'grid', accuracy: 80 }` is a point of
   * `grid/accuracy`.
   * @param step where the points lie: a non-negative integer, such as the iteration
   * @throws INVALID_ARGUMENT, IO_ERROR; DISPOSED after {@link close}
   */
  scalars(values: object, step: number): void {
    checkRecord(values, 'values');
    const { scalars, lists } = seriesOf(values);
    this.#tell(step, [
      ...scalars.map(([tag, value]) => create(Summary_ValueSchema, { tag, value: { case: 'simpleValue', value } })),
      ...lists.flatMap(([tag, list]) => histogramValue(tag, list)),
    ]);
  }

  /**
   * Writes how numbers are distributed. Those that are not finite are left out.
   * @param values a tensor, such as one of `state.u`, or a list of numbers
   * @throws INVALID_ARGUMENT, IO_ERROR; DISPOSED after {@link close}
   */
  histogram(name: string, values: Tensor | ArrayLike<number | bigint>, step: number): void {
    checkName(name);
    const list = values instanceof Tensor ? values.data : values;
    if (!Array.isArray(list) && !ArrayBuffer.isView(list)) {
      throw invalidArgument('values', 'a Tensor, an array or a typed array of numbers', values);
    }
    this.#tell(step, histogramValue(name, list));
  }

  /**
   * Writes an image, or those of a batch as `NAME/0` and so on: three channels in colour, otherwise the first in grey.
   * Values from 0 to 1 go from black to white; an image with others is stretched over its own range.
   * @param image float32 [channels, height, width] or [images, channels, height, width], or the bytes of a PNG file
   * @param description text in Markdown that TensorBoard shows with the image; none by default
   * @throws INVALID_ARGUMENT, IO_ERROR; DISPOSED after {@link close}
   */
  image(name: string, image: Tensor<'float32'> | Uint8Array, step: number, description = ''): void {
    checkName(name);
    if (typeof description !== 'string') throw invalidArgument('description', 'a text', description);
    this.#tell(
      step,
      imagesOf(name, image).map(([tag, png]) => {
        return create(Summary_ValueSchema, {
          tag,
          ...describedBy(description),
          value: { case: 'image', value: imageOf(png) },
        });
      }),
    );
  }

  /** Says how the run has ended, and closes the file. Does nothing when it is closed. @throws IO_ERROR */
  close(outcome: Outcome = 'success'): void {
    if (!this.#file.isOpen) return;
    if (outcome !== 'success' && outcome !== 'failure') {
      throw invalidArgument('outcome', "'success' or 'failure'", outcome);
    }
    this.#append(0, [sessionEnd(outcome)]);
    this.#file.close();
  }

  /** Closes the file without a word of how the run ended. */
  [Symbol.dispose](): void {
    this.#file.close();
  }

  /** Points of a step. Where the first ones lie, files of before end: each file has to say so, for the next one. */
  #tell(step: number, values: readonly Summary_Value[]): void {
    if (!Number.isSafeInteger(step) || step < 0) throw invalidArgument('step', 'a non-negative integer', step);
    if (values.length === 0) return;
    if (!this.#hasBegun) {
      const value = create(SessionLogSchema, { status: SessionLog_SessionStatus.START });
      this.#file.append([{ step: BigInt(step), what: { case: 'sessionLog', value } }]);
      this.#hasBegun = true;
    }
    this.#append(step, values);
  }

  #append(step: number, value: readonly Summary_Value[]): void {
    const summary = create(SummarySchema, { value: [...value] });
    this.#file.append([{ step: BigInt(step), what: { case: 'summary', value: summary } }]);
  }
}

/**
 * Opens a new event file in a folder, which TensorBoard then shows: `tensorboard --logdir FOLDER`, or a folder above it
 * for several runs. In a folder that has event files the run goes on: they stay as they are, and what they tell of the
 * first step that is written and of later ones is replaced.
 * @throws INVALID_ARGUMENT, UNKNOWN_OPTION; IO_ERROR when the folder cannot be written
 */
export const tensorBoard = (folder: string, options?: TensorBoardOptions): Promise<TensorBoard> =>
  TensorBoard.open(folder, options);

function checkName(name: string): void {
  if (typeof name !== 'string' || name === '') throw invalidArgument('name', 'a text', name);
}

/** What an image comes with that a text is shown with. */
function describedBy(summaryDescription: string): Parameters<typeof create<typeof Summary_ValueSchema>>[1] {
  if (summaryDescription === '') return {};
  const dataClass = DataClass.BLOB_SEQUENCE;
  return { metadata: { summaryDescription, dataClass, pluginData: { pluginName: 'images' } } };
}

function histogramValue(tag: string, values: ArrayLike<number | bigint>): Summary_Value[] {
  const value = histogramOf(values);
  return value === undefined ? [] : [create(Summary_ValueSchema, { tag, value: { case: 'histo', value } })];
}
