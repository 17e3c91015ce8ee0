import { BilevelError } from '../errors.js';
import type { LogitsOracle } from '../tasks/checking/index.js';

/**
 * Logits by onnxruntime-node, which is installed beside this package only where it is wanted.
 * @throws NOT_FOUND with the command that installs it; INVALID_FILE when it cannot load the model, or from the function
 * returned when it cannot run it
 */
export async function onnxRuntimeLogits(path: string): Promise<LogitsOracle> {
  const runtime = await import('onnxruntime-node').catch((cause: unknown) => {
    throw new BilevelError(
      'NOT_FOUND',
      'Comparing with ONNX Runtime needs the package onnxruntime-node: npm install onnxruntime-node',
      { cause },
    );
  });
  const failed = (verb: string) => (cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BilevelError('INVALID_FILE', `ONNX Runtime cannot ${verb} ${path}: ${reason}`, { cause });
  };
  // Its optimizer folds batch normalization into convolutions also where the model asks for the statistics of the batch.
  const options = { logSeverityLevel: 3, graphOptimizationLevel: 'disabled' } as const;
  const session = await runtime.InferenceSession.create(path, options).catch(failed('load'));
  return async (x, shape) => {
    const [inputName = ''] = session.inputNames;
    const [outputName = ''] = session.outputNames;
    const feeds = { [inputName]: new runtime.Tensor('float32', x, [...shape]) };
    const results = await session.run(feeds, [outputName]).catch(failed('run'));
    const output = results[outputName];
    return Float64Array.from((output?.data as Float32Array | undefined) ?? []);
  };
}
