import { BilevelError, type ErrorCode, isError } from '../errors.js';

/** The codes that native functions throw or reject with; a test compares them with those in native/. */
export const nativeCodes: readonly ErrorCode[] = [
  'INVALID_ARGUMENT',
  'INVALID_PROGRAM',
  'LIMIT_EXCEEDED',
  'INDEX_OUT_OF_RANGE',
  'TENSOR_IN_USE',
  'DISPOSED',
  'DEVICE_UNAVAILABLE',
  'DEVICE_LOST',
  'RANKS_LOST',
  'NATIVE_FAILURE',
];

/** What to throw for an error that came from the addon: a BilevelError with the stack of this side. */
export function fromNative(error: unknown): unknown {
  if (!isError(error) || !('code' in error)) return error;
  const code = nativeCodes.find((known) => known === error.code);
  return code === undefined ? error : new BilevelError(code, error.message);
}

/** Calls a native function; what it throws becomes a BilevelError. */
export function callNative<T>(body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw fromNative(error);
  }
}
