import { BilevelError } from '../errors.js';
import type { LogitsOracle } from '../tasks/checking/index.js';

/**
 * Logits by onnxruntime-node, which is installed beside this package only where it is wanted.
 * @throws NOT_FOUND with the command that installs it; INVALID_FILE when it cannot load the model
 */
export async function onnxRuntimeLogits(path: string): Promise<LogitsOracle> {
  const runtime = await import('onnxruntime-node').catch((cause: unknown) => {
    throw new BilevelError(
      'NOT_FOUND',
      'Comparing with ONNX Runtime needs the package onnxruntime-node: npm install onnxruntime-node',
      { cause },
    );
  });
  let session: Awaited<ReturnType<typeof runtime.InferenceSession.create>>;
  try {
    session = await runtime.InferenceSession.create(path, { logSeverityLevel: 3 });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BilevelError('INVALID_FILE', `ONNX Runtime cannot load ${path}: ${reason}`, { cause });
  }
  return async (x, shape) => {
    const [inputName = ''] = session.inputNames;
    const [outputName = ''] = session.outputNames;
    const results = await session.run({ [inputName]: new runtime.Tensor('float32', x, [...shape]) }, [outputName]);
    const output = results[outputName];
    return Float64Array.from((output?.data as Float32Array | undefined) ?? []);
  };
}
