import { BilevelError, checkKeys, invalidArgument } from '../../errors.js';

/**
 * Upper bounds on what a model file may ask for. A file is untrusted: each bound is checked before the memory it guards
 * is allocated. All are counts but for those that end in `Bytes`.
 */
export interface OnnxLimits {
  /** Size of the model file, and of each file of external data. */
  readonly modelBytes: number;
  /** Fields of all messages, counted before any of them is turned into an object. */
  readonly fields: number;
  /** Numbers in packed fields (float_data and its like; raw_data is not counted here). */
  readonly packedValues: number;
  /** Messages inside messages. */
  readonly nestingDepth: number;
  /** Length of one name, documentation string or metadata value. */
  readonly stringBytes: number;
  readonly nodes: number;
  readonly initializers: number;
  /** Number of axes of one tensor. */
  readonly rank: number;
  /** Elements of one tensor, computed values included. */
  readonly tensorElements: number;
  /** A kernel size, stride, dilation or padding of a convolution or pooling in one dimension. */
  readonly windowSize: number;
  /** Operations of the graph that a model becomes, counted behind each node of the file. */
  readonly operations: number;
  /** Tensors of one sequence. */
  readonly sequenceLength: number;
  /** Elements of all constants together that are computed while the graph is built: shape arithmetic, ranges, masks. */
  readonly foldedElements: number;
  /** Memory of all initializers together, in the dtypes they are computed with; also of all external data. */
  readonly parameterBytes: number;
}

export const defaultLimits: OnnxLimits = Object.freeze({
  modelBytes: 2 ** 31 - 1,
  fields: 2 ** 22,
  packedValues: 2 ** 25,
  nestingDepth: 32,
  stringBytes: 2 ** 20,
  nodes: 100_000,
  initializers: 100_000,
  rank: 16,
  tensorElements: 2 ** 31 - 1,
  windowSize: 2 ** 24,
  operations: 2 ** 20,
  sequenceLength: 2 ** 14,
  foldedElements: 2 ** 24,
  parameterBytes: 2 ** 31 - 1,
});

/**
 * The defaults with the caller's changes.
 * @throws UNKNOWN_OPTION for a limit that does not exist, INVALID_ARGUMENT for one that is not a positive integer.
 */
export function resolveLimits(overrides: Partial<OnnxLimits> = {}): OnnxLimits {
  checkKeys(overrides, Object.keys(defaultLimits), 'limits');
  for (const [name, value] of Object.entries(overrides)) {
    if (!Number.isSafeInteger(value) || value <= 0)
      throw invalidArgument(`limits.${name}`, 'a positive integer', value);
  }
  return { ...defaultLimits, ...overrides };
}

/** @throws LIMIT_EXCEEDED naming the limit, what went beyond it, and how to raise it. */
export function checkLimit(limits: OnnxLimits, name: keyof OnnxLimits, value: number, what: string): void {
  if (value <= limits[name]) return;
  throw new BilevelError(
    'LIMIT_EXCEEDED',
    `${what} is ${value}, above the limit ${name} of ${limits[name]}. If the file is trusted, load it with ` +
      `{ limits: { ${name}: ${value} } }.`,
  );
}
