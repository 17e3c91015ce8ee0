import { types } from 'node:util';
import { printableLines } from './printable.js';

/** Stable error codes. Callers branch on these, never on message text. */
export type ErrorCode =
  /** A parameter, option or configuration value is of the wrong type or outside its range. */
  | 'INVALID_ARGUMENT'
  /** An option record holds a key that does not exist. */
  | 'UNKNOWN_OPTION'
  /** Tensor shapes or dtypes do not fit together. */
  | 'SHAPE_MISMATCH'
  /** A derivative was asked for that an operation does not have. */
  | 'NOT_DIFFERENTIABLE'
  /** A file is damaged, truncated, or not of the format it should be. */
  | 'INVALID_FILE'
  /** A file or a request goes beyond a safety limit. */
  | 'LIMIT_EXCEEDED'
  /** An operator, opset or feature of a model file is not supported. */
  | 'UNSUPPORTED_OPERATOR'
  /** A needed file, folder or data set is not there. */
  | 'NOT_FOUND'
  /** Reading or writing failed in the operating system. */
  | 'IO_ERROR'
  /** Data hold a label, index or value outside what the problem allows. */
  | 'INVALID_DATA'
  /** A run produced a value that is not finite. */
  | 'NON_FINITE'
  /** The lower cost curves downward where a method needs it to be convex. */
  | 'INDEFINITE_HESSIAN'
  /** The lower cost is flat where a method needs it to be curved. */
  | 'SINGULAR_HESSIAN'
  /** A series or a variable runs away where it should come to rest: a rate is too large, or a penalty too weak. */
  | 'DIVERGED'
  /** A tensor is in use by a run that has not ended. */
  | 'TENSOR_IN_USE'
  /** The folder of a run is in use by another process. */
  | 'FOLDER_IN_USE'
  /** The object was disposed of, or its device has shut down. */
  | 'DISPOSED'
  /** The run was stopped by its AbortSignal. */
  | 'ABORTED'
  /** An index tensor points outside the tensor it indexes. */
  | 'INDEX_OUT_OF_RANGE'
  /** An encoded program was refused by the native verifier. */
  | 'INVALID_PROGRAM'
  /** The native addon, a device or shared memory is missing here. */
  | 'DEVICE_UNAVAILABLE'
  /** A device gave up in the middle of its work; another one has to be made. */
  | 'DEVICE_LOST'
  /** Processes that compute together cannot go on together: one does not come, or they were started differently. */
  | 'RANKS_LOST'
  /** New weights were to be saved beside running statistics of batch normalization that belong to others. */
  | 'STALE_STATISTICS'
  /** A saved state belongs to another configuration. */
  | 'STATE_MISMATCH'
  /** Runs of a study are missing, or cannot be taken. */
  | 'INCOMPLETE'
  /** A native library reported a failure. */
  | 'NATIVE_FAILURE';

/**
 * The one error class of the package; `code` is stable, `cause` keeps the error underneath. The message is safe to
 * print.
 */
export class BilevelError extends Error {
  override readonly name = 'BilevelError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(printableLines(message), options);
    this.code = code;
  }
}

/** Short, safe rendering of a received value for error messages. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  if (ArrayBuffer.isView(value)) return `${value.constructor.name}(${value.byteLength} bytes)`;
  if (Array.isArray(value)) {
    const short = value.length <= 8 && value.every((each) => typeof each === 'number');
    return short ? `[${value.join(', ')}]` : `an array of ${value.length}`;
  }
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'object' && value !== null) return `an object of class ${value.constructor?.name ?? 'null'}`;
  return String(value);
}

/** The one sentence shape for a bad parameter: which, what was expected, what was received. */
export function invalidArgument(parameter: string, expected: string, received: unknown): BilevelError {
  return new BilevelError(
    'INVALID_ARGUMENT',
    `Expected ${expected} for ${parameter} but received ${describe(received)}.`,
  );
}

/**
 * Whether a value is an error, of whatever realm: test environments and contexts of node:vm have classes of their own,
 * of which those that Node makes are no instances.
 */
export const isError = (value: unknown): value is Error => types.isNativeError(value) || value instanceof Error;

/** Refuses what is no AbortSignal, of whatever realm. @throws INVALID_ARGUMENT */
export function checkSignal(signal: unknown): asserts signal is AbortSignal | undefined {
  const isSignal =
    isRecord(signal) && typeof signal.aborted === 'boolean' && typeof signal.addEventListener === 'function';
  if (signal !== undefined && !isSignal) throw invalidArgument('signal', 'an AbortSignal', signal);
}

/** The error of what a signal stopped; `what` begins the sentence, as in "The run was stopped". */
export function aborted(what: string, reason: unknown): BilevelError {
  const why = isError(reason) ? reason.message : describe(reason);
  return new BilevelError('ABORTED', `${what}: ${why}`, { cause: reason });
}

/** Whether a value holds things by name, as an object of JSON does. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

/** @throws INVALID_ARGUMENT when `given` is not an object that holds things by name */
export function checkRecord(given: unknown, parameter: string): void {
  if (!isRecord(given)) throw invalidArgument(parameter, 'an object', given);
}

/**
 * Refuses options that do not exist, so that a slip of the pen is not a silent default.
 * @param where what the options belong to, for messages: `feed`
 * @throws UNKNOWN_OPTION with the nearest name; INVALID_ARGUMENT when `given` is not an object
 */
export function checkKeys(given: object, known: readonly string[], where: string): void {
  checkRecord(given, `the options of ${where}`);
  const key = Object.keys(given).find((each) => !known.includes(each));
  if (key === undefined) return;
  throw new BilevelError('UNKNOWN_OPTION', `${where} has no option ${describe(key)}. ${adviseName(key, known)}`);
}

/** Most names that advice lists. */
const mostListed = 60;

/**
 * Advice for a name that does not exist: the nearest one that does when it is near enough to be a slip, else all, or
 * the last of many.
 */
export function adviseName(name: string, known: readonly string[]): string {
  if (known.length === 0) return 'There are none.';
  const distances = known.map((candidate) => editDistance(name.toLowerCase(), candidate.toLowerCase()));
  const least = Math.min(...distances);
  const nearest = least <= Math.max(2, name.length / 3) ? known[distances.indexOf(least)] : undefined;
  if (nearest !== undefined) return `Did you mean ${nearest}?`;
  const rest = known.length - mostListed;
  return `Known are: ${rest > 0 ? `${rest} others, ` : ''}${known.slice(-mostListed).join(', ')}.`;
}

/** Levenshtein distance: the least number of insertions, deletions and replacements. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
