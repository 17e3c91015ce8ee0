import type * as Runtime from 'onnxruntime-node';
import type { OracleInput, OutputOracle } from '../checking/index.js';
import { decodeFloat16 } from '../data/half.js';
import { BilevelError, isError } from '../errors.js';

/** How ONNX Runtime takes the elements of each type that the package reads. */
const arrays: Readonly<Record<string, (data: Float64Array) => Runtime.Tensor.DataType>> = {
  float32: (data) => Float32Array.from(data),
  float64: (data) => data,
  int8: (data) => Int8Array.from(data),
  uint8: (data) => Uint8Array.from(data),
  int16: (data) => Int16Array.from(data),
  uint16: (data) => Uint16Array.from(data),
  int32: (data) => Int32Array.from(data),
  uint32: (data) => Uint32Array.from(data),
  int64: (data) => BigInt64Array.from(data, BigInt),
  uint64: (data) => BigUint64Array.from(data, BigInt),
  bool: (data) => Uint8Array.from(data),
};

/**
 * Outputs by onnxruntime-node, which is installed beside this package only where it is wanted. Inputs of the model on
 * which the output does not depend are zero.
 * @throws NOT_FOUND with the command that installs it; INVALID_FILE when it cannot load the model, or from the function
 * returned when it cannot run it
 */
export async function onnxRuntimeOutput(path: string): Promise<OutputOracle> {
  const runtime = await import('onnxruntime-node').catch((cause: unknown) => {
    throw new BilevelError(
      'NOT_FOUND',
      'Comparing with ONNX Runtime needs the package onnxruntime-node: npm install onnxruntime-node',
      { cause },
    );
  });
  const failed = (verb: string) => (cause: unknown) => {
    const reason = isError(cause) ? cause.message : String(cause);
    throw new BilevelError('INVALID_FILE', `ONNX Runtime cannot ${verb} ${path}: ${reason}`, { cause });
  };
  // Its optimizer folds batch normalization into convolutions also where the model asks for the statistics of the
  // batch.
  const options = { logSeverityLevel: 3, graphOptimizationLevel: 'disabled' } as const;
  const session = await runtime.InferenceSession.create(path, options).catch(failed('load'));
  const feedOf = (each: Runtime.InferenceSession.ValueMetadata, given: OracleInput | undefined): Runtime.Tensor => {
    const { name } = each;
    if (!each.isTensor) return failed('run')(`its input ${name} is not a tensor`);
    const shape = given?.shape ?? each.shape.map((size) => (typeof size === 'number' && size > 0 ? size : 1));
    const data = given?.data ?? new Float64Array(shape.reduce((count, size) => count * size, 1));
    const elements = arrays[each.type]?.(data);
    if (elements === undefined) return failed('run')(`its input ${name} is of type ${each.type}`);
    return new runtime.Tensor(each.type, elements, [...shape]);
  };
  return async (inputs, output) => {
    const feeds = Object.fromEntries(
      session.inputMetadata.map((each) => [
        each.name,
        feedOf(each, Object.hasOwn(inputs, each.name) ? inputs[each.name] : undefined),
      ]),
    );
    const results = await session.run(feeds, [output]).catch(failed('run'));
    const result = results[output];
    const data = (result?.data ?? []) as ArrayLike<number | bigint>;
    return Float64Array.from(data, result?.type === 'float16' ? (half) => decodeFloat16(Number(half)) : Number);
  };
}
