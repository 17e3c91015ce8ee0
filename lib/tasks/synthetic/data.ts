import { Random } from '../../data/random.js';
import { Tensor } from '../../tensor.js';

/** Both variables have two blocks of ten elements, as in the authors' code. */
const blocks = 2;
const blockSize = 10;
const blockRows = 5;

/** Elements of u and of v. */
export const size = blocks * blockSize;

/** Half the side of the box that both variables live in. */
export const bound = 5;

export const matrixModes = ['shared', 'perTrial'] as const;
export type MatrixMode = (typeof matrixModes)[number];

export interface DataSettings {
  readonly trials: number;
  readonly seed: number;
  /** Whether one A serves all trials, as in the authors' code, or each has its own. */
  readonly matrix: MatrixMode;
}

/** What the trials start with: the same for all problems and methods. */
export interface SyntheticData {
  /** float32 [trials, 20], uniform in the box. */
  readonly u: Tensor<'float32'>;
  readonly v: Tensor<'float32'>;
  /**
   * The rows of A = diag(A_1, A_2) with A_b [5, 10] and elements N(0, 1), rounded to float32: one matrix for all
   * trials, or one for each.
   */
  readonly matrices: readonly (readonly (readonly number[])[])[];
}

/** Draws trial after trial, so that the first trials are the same however many follow. */
export function drawData({ trials, seed, matrix }: DataSettings): SyntheticData {
  const start = (name: string): Tensor<'float32'> => {
    const random = Random.fromSeed(seed, `synthetic.${name}`);
    const values = Array.from({ length: trials * size }, () => bound * (2 * random.uniform() - 1));
    return Tensor.from(values, [trials, size]);
  };
  const random = Random.fromSeed(seed, 'synthetic.A');
  const matrices = Array.from({ length: matrix === 'shared' ? 1 : trials }, () => drawMatrix(random));
  return { u: start('u'), v: start('v'), matrices };
}

function drawMatrix(random: Random): number[][] {
  return Array.from({ length: blocks * blockRows }, (_, row) => {
    const block = Math.floor(row / blockRows);
    const entries = Array.from({ length: blockSize }, () => Math.fround(random.normal()));
    const zeros = (count: number): number[] => new Array<number>(count * blockSize).fill(0);
    return [...zeros(block), ...entries, ...zeros(blocks - 1 - block)];
  });
}
