import type { Gallery } from '../report/gallery.js';
import type { Sheet } from '../report/suspicious-sheet.js';
import type { SavedState } from '../solvers/index.js';
import { type TensorBoard, tensorBoard } from '../tensorboard/index.js';
import type { Job, Rows } from './job.js';

/** What a row of metrics may say of where it stands, the first of which counts. */
const counters = ['iteration', 'step', 'round', 'epoch'] as const;

function counterOf(row: Readonly<Record<string, unknown>>): readonly [name: string, value: number] | undefined {
  for (const name of counters) {
    const value = row[name];
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return [name, value];
  }
  return undefined;
}

/** What a job tells TensorBoard: its rows of metrics as curves, and the tensors of its checkpoints as histograms. */
export class JobBoard {
  readonly #board: TensorBoard;
  readonly #known: Readonly<Record<string, unknown>>;
  /** Where rows that do not say it stand: with the one before. */
  #step: number;
  /** The step of the last state. */
  #stateAt = -1;

  private constructor(board: TensorBoard, known: Readonly<Record<string, unknown>>, step: number) {
    this.#board = board;
    this.#known = known;
    this.#step = step;
  }

  /** @param rows of metrics that the job has already. @throws IO_ERROR */
  static async open(folder: string, { configuration }: Job, rows: Rows): Promise<JobBoard> {
    const known = { ...configuration };
    const last = rows.reduce((step, row) => counterOf(row)?.[1] ?? step, 0);
    return new JobBoard(await tensorBoard(folder, { hyperparameters: known }), known, last);
  }

  /**
   * Numbers stand under what the row is about, as in grid/f, or under what its steps count, as in iteration/f, or under
   * metrics: TensorBoard groups curves by the first part of their names.
   * @throws IO_ERROR
   */
  row(row: object): void {
    const counter = counterOf({ ...row });
    if (counter !== undefined) this.#step = counter[1];
    const entries = Object.entries({ ...row });
    const told = entries.filter(([key, value]) => this.#known[key] !== value && key !== counter?.[0]);
    const values = Object.fromEntries(told);
    const isNamed = told.some(([, value]) => typeof value === 'string' && value !== '');
    this.#board.scalars(isNamed ? values : { [counter?.[0] ?? 'metrics']: values }, this.#step);
  }

  /** An image of what the job found. @throws IO_ERROR */
  sheet(sheet: Sheet | undefined): void {
    if (sheet !== undefined) this.#board.image(sheet.title, sheet.image, this.#step, sheet.description);
  }

  /** The first state of a step, after which others tell nothing new. @throws IO_ERROR */
  state({ tensors }: SavedState): void {
    if (this.#stateAt === this.#step) return;
    this.#stateAt = this.#step;
    for (const [name, tensor] of tensors) {
      if (tensor.dtype === 'float32' && tensor.size > 1) this.#board.histogram(name, tensor, this.#step);
    }
  }

  /** @throws IO_ERROR */
  end(outcome: 'success' | 'failure'): void {
    this.#board.close(outcome);
  }

  /** Where the job goes on another time. */
  close(): void {
    this.#board[Symbol.dispose]();
  }
}

/** The images of a study. @throws IO_ERROR */
export async function boardGalleries(folder: string, galleries: readonly Gallery[]): Promise<void> {
  const images = galleries.flatMap(({ title, pictures }) =>
    pictures.flatMap(({ images, caption }, index) =>
      images.map((uri, part) => [`${title}/${index + 1}.${part + 1} ${caption}`, uri] as const),
    ),
  );
  if (images.length === 0) return;
  using board = await tensorBoard(folder);
  for (const [name, uri] of images) {
    board.image(name, Buffer.from(uri.slice(uri.indexOf(',') + 1), 'base64'), 0);
  }
}
