import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { TestTensor } from './builder.js';

/** The tensor as ONNX Runtime takes it. */
function toRuntime({ type, shape, data }: TestTensor): Tensor {
  if (type === 'int64') return new Tensor('int64', BigInt64Array.from(data, BigInt), shape);
  if (type === 'int32') return new Tensor('int32', Int32Array.from(data), shape);
  if (type === 'bool') return new Tensor('bool', Uint8Array.from(data), shape);
  return new Tensor('float32', Float32Array.from(data), shape);
}

export interface RuntimeResult {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** Runs a model by ONNX Runtime on the CPU and gives one of its outputs, the first by default. */
export async function runByRuntime(
  model: Uint8Array,
  feeds: Readonly<Record<string, TestTensor>>,
  wanted?: string,
): Promise<RuntimeResult> {
  const session = await InferenceSession.create(model, {
    executionProviders: ['cpu'],
    graphOptimizationLevel: 'disabled',
    intraOpNumThreads: 1,
    logSeverityLevel: 4,
  });
  try {
    const name = wanted ?? session.outputNames[0] ?? '';
    const inputs = Object.fromEntries(Object.entries(feeds).map(([key, value]) => [key, toRuntime(value)]));
    const output = (await session.run(inputs, [name]))[name];
    if (output === undefined) throw new Error('ONNX Runtime gave no output.');
    return { shape: output.dims, data: Array.from(output.data as ArrayLike<number | bigint>, Number) };
  } finally {
    await session.release();
  }
}
