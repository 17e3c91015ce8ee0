import { type CompiledProgram, type CompileOptions, compile, type ProgramSpec } from '../../../lib/compile/index.js';
import type { Device } from '../../../lib/engine/index.js';
import * as g from '../../../lib/graph/index.js';
import { Tensor } from '../../../lib/tensor.js';

/** Compiles and runs a spec on a device; every tensor after the run, by binding name. */
export async function runNative(
  device: Device,
  spec: ProgramSpec,
  inputs: ReadonlyMap<g.Node, Float64Array>,
  { steps = 1, ...options }: CompileOptions & { readonly steps?: number } = {},
): Promise<Map<string, Float64Array>> {
  const compiled: CompiledProgram = compile(spec, options);
  const feeds = new Map<string, Float64Array>();
  for (const [node, data] of inputs) if (g.isOp(node, 'input')) feeds.set(node.attributes.name, data);
  const tensors: Record<string, Tensor> = {};
  for (const { name, dtype, shape, perStep } of compiled.bindings) {
    const whole = perStep ? [steps, ...shape] : shape;
    const feed = feeds.get(name);
    tensors[name] = feed ? Tensor.from(feed, whole, dtype) : Tensor.zeros(whole, dtype);
  }
  using program = device.load(compiled);
  await program.run(tensors, { steps });
  return new Map(Object.entries(tensors).map(([name, tensor]) => [name, Float64Array.from(tensor.toArray())]));
}

/**
 * The largest difference relative to the largest expected magnitude; NaN only agrees with NaN, infinity with itself.
 */
export function worstError(actual: Float64Array, expected: Float64Array): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  const scale = expected.reduce(
    (most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most),
    1e-30,
  );
  return expected.reduce((worst, value, index) => {
    const got = actual[index] as number;
    if (Object.is(got, value) || got === value) return worst;
    const error = Math.abs(got - value) / scale;
    return Number.isNaN(error) ? Number.POSITIVE_INFINITY : Math.max(worst, error);
  }, 0);
}
