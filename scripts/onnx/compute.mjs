// Computes one output of an ONNX model by importer and engine, and holds values against others.
import { compile } from '../../dist/lib/compile/index.js';
import { input } from '../../dist/lib/graph/index.js';
import { TensorProto_DataType as DataType } from '../../dist/lib/onnx/file/schema/onnx_pb.js';
import { Network } from '../../dist/lib/onnx/index.js';
import { Tensor } from '../../dist/lib/tensor.js';

/** Largest difference over the largest finite element, by the precision of the file's numbers. */
const tolerances = { [DataType.FLOAT16]: 2e-3, [DataType.BFLOAT16]: 2e-2 };
const defaultTolerance = 2e-5;

/**
 * The value { dtype, shape, data } of an output, from the values of the inputs by name and the weights of the file.
 * Without a key what draws random numbers is refused.
 */
export async function computeOutput(network, feeds, device, key) {
  const nodes = new Map(
    network.inputs.map(({ name }) => {
      const { shape, dtype } = feeds.get(name);
      return [name, input(`in ${name}`, shape, dtype)];
    }),
  );
  const [first, ...rest] = network.inputs.map(({ name }) => name);
  const inputs = Object.fromEntries(rest.map((name) => [name, nodes.get(name)]));
  const result = network.apply(nodes.get(first), network.parameterNodes('parameter '), { inputs, ...(key && { key }) });
  const compiled = compile({ outputs: { result } });
  const initial = network.initialParameters();
  const tensors = Object.fromEntries(
    compiled.bindings.map(({ name, shape, dtype }) => {
      if (name === 'result') return [name, Tensor.zeros(shape, dtype)];
      if (name.startsWith('parameter ')) return [name, initial[name.slice('parameter '.length)]];
      return [name, Tensor.from(feeds.get(name.slice('in '.length)).data, shape, dtype)];
    }),
  );
  const program = device.load(compiled);
  try {
    await program.run(tensors);
  } finally {
    program.dispose();
  }
  return { dtype: result.dtype, shape: result.shape, data: Float64Array.from(tensors.result.toArray()) };
}

export function loadOutput(bytes, name) {
  return Network.load(bytes, { outputs: [name] });
}

/** What differs between a value and the one that is right, undefined where nothing does. */
export function difference(actual, expected, shapesOnly = false) {
  if (actual.dtype !== expected.dtype) return `dtype ${actual.dtype} for ${expected.dtype}`;
  if (actual.shape.join() !== expected.shape.join()) return `shape [${actual.shape}] for [${expected.shape}]`;
  if (shapesOnly) return undefined;
  const scale = expected.data.reduce((most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most), 1e-30);
  const worst = expected.data.reduce((most, value, index) => {
    const got = actual.data[index];
    if (got === value || Object.is(got, value)) return most;
    const error = Math.abs(got - value) / scale;
    return error <= most ? most : Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
  }, 0);
  return worst <= (tolerances[expected.type] ?? defaultTolerance)
    ? undefined
    : `values off by ${worst.toExponential(1)}`;
}
