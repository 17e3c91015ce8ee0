// Runs ONNX files of any kind over importer and engine, on random inputs, and holds their outputs against ONNX Runtime.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { InferenceSession, Tensor as RuntimeTensor } from 'onnxruntime-node';
import { Random } from '../../dist/lib/data/random.js';
import { BilevelError } from '../../dist/lib/errors.js';
import { Network } from '../../dist/lib/onnx/index.js';
import { elementCount } from '../../dist/lib/tensor.js';
import { computeOutput, difference } from './compute.mjs';

export async function findModels(folder) {
  const names = await readdir(folder, { recursive: true });
  return names
    .filter((name) => name.endsWith('.onnx'))
    .sort()
    .map((name) => join(folder, name));
}

/**
 * Standard normal reals, and the integers 0 and 1, which are indices of nearly everything. Open axes get the size 2.
 */
function drawInput({ name, dtype, shape = [] }) {
  const random = Random.fromSeed(3, name);
  const sizes = shape.map((size) => (typeof size === 'number' ? size : 2));
  const draw = dtype === 'float32' ? () => random.normal() : () => Number(random.uniform() < 0.5);
  return { dtype, shape: sizes, data: Array.from({ length: elementCount(sizes) }, draw) };
}

function toRuntime({ dtype, shape, data }) {
  const make = {
    int64: () => BigInt64Array.from(data, BigInt),
    int32: () => Int32Array.from(data),
    bool: () => Uint8Array.from(data),
  };
  return new RuntimeTensor(dtype, make[dtype]?.() ?? Float32Array.from(data), shape);
}

async function runByRuntime(path, feeds, name) {
  const session = await InferenceSession.create(path, { logSeverityLevel: 4, intraOpNumThreads: 1 });
  const inputs = Object.fromEntries([...feeds].map(([key, value]) => [key, toRuntime(value)]));
  const result = (await session.run(inputs, [name]))[name];
  await session.release();
  return { dtype: result.type, shape: result.dims, data: Float64Array.from(result.data, Number) };
}

/** { status, code, problem } of a model's first output. */
export async function runModel(path, device) {
  try {
    const network = await Network.load(path);
    const feeds = new Map(network.inputs.map((declared) => [declared.name, drawInput(declared)]));
    const actual = await computeOutput(network, feeds, device);
    const problem = difference(actual, await runByRuntime(path, feeds, network.outputs[0]));
    return problem === undefined ? { status: 'passes' } : { status: 'differs', problem };
  } catch (error) {
    if (!(error instanceof BilevelError)) return { status: 'not compared', problem: String(error.message) };
    return { status: 'refused', code: error.code, problem: error.message };
  }
}
