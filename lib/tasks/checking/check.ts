import { compile } from '../../compile/index.js';
import { Random } from '../../data/random.js';
import type { Device } from '../../engine/index.js';
import { constant, evaluate, inner, isOp, type Node, topologicalOrder } from '../../graph/index.js';
import type { Network } from '../../onnx/index.js';
import { Tensor } from '../../tensor.js';
import type { CheckPoint } from './point.js';
import { denoisingQuantities, type Quantities, type QuantityName, quantityNames } from './quantities.js';

/** Relative errors by quantity. */
export type Errors = Readonly<Partial<Record<QuantityName, number>>>;

/** Computes the logits of a model for inputs x, by an implementation that is not ours. */
export type LogitsOracle = (x: Float32Array, shape: readonly number[]) => Promise<Float64Array>;

/** Whether the logits of a network depend on random numbers, as in the training form of dropout. */
export function isRandom({ values }: Quantities): boolean {
  return topologicalOrder(values.logits).some((node) => node.op === 'randomUniform');
}

export interface CheckResult {
  /** The worst relative error of each quantity. */
  readonly errors: Errors;
  /** The same by what the engine's values were compared with. */
  readonly comparisons: {
    /** Logits of another implementation; the largest error relative to the largest logit. */
    readonly oracle: Errors;
    /** Evaluation in float64; for derivatives also central differences in float64. */
    readonly float64: Errors;
    /** The reference file, in the 2-norm of each quantity. */
    readonly reference: Errors;
  };
}

/** Logits must agree within 1e-5 of the largest logit, all else within 1e-4 in the 2-norm. */
export const tolerances: Readonly<Record<QuantityName, number>> = Object.freeze(
  Object.fromEntries(quantityNames.map((name) => [name, name === 'logits' ? 1e-5 : 1e-4])) as Record<
    QuantityName,
    number
  >,
);

/** Whether every error is within its tolerance. NaN is not. */
export function withinTolerance(errors: Errors): boolean {
  return Object.entries(errors).every(([name, error]) => error <= tolerances[name as QuantityName]);
}

/**
 * Compares what the engine computes for a network in float32 (logits, the costs of the denoising pair, their first and second
 * derivatives and the gradient of the penalty function) with independent values. Logits that are random are not compared
 * with the oracle's.
 */
export async function checkNetwork(
  network: Network,
  point: CheckPoint,
  device: Device,
  oracle?: LogitsOracle,
): Promise<CheckResult> {
  const quantities = denoisingQuantities(network, point.batch);
  const computed = await computeQuantities(quantities, point, device);
  const comparisons = {
    oracle: oracle && !isRandom(quantities) ? { logits: await oracleError(quantities, point, computed, oracle) } : {},
    float64: float64Errors(quantities, point, computed),
    reference: referenceErrors(point, computed),
  };
  const errors: Partial<Record<QuantityName, number>> = {};
  for (const name of quantityNames) {
    const found = Object.values(comparisons).flatMap((each: Errors) => each[name] ?? []);
    if (found.length > 0) errors[name] = found.some(Number.isNaN) ? Number.NaN : Math.max(...found);
  }
  return { errors, comparisons };
}

type Computed = ReadonlyMap<QuantityName, Float64Array>;

/** What the engine computes for every quantity. */
export async function computeQuantities(quantities: Quantities, point: CheckPoint, device: Device): Promise<Computed> {
  const outputs = quantityNames.flatMap((name) =>
    quantities.values[name].map((node, index): [string, Node] => [`${name} ${index}`, node]),
  );
  const compiled = compile({ outputs: Object.fromEntries(outputs) });
  using program = device.load(compiled);
  const bindings: Record<string, Tensor> = {};
  for (const { name, shape, dtype } of compiled.bindings) {
    const feed = point.feeds.get(name);
    bindings[name] = feed ? Tensor.from(feed, shape, dtype) : Tensor.zeros(shape, dtype);
  }
  await program.run(bindings);
  return new Map(
    quantityNames.map((name): [QuantityName, Float64Array] => [
      name,
      Float64Array.from(quantities.values[name].flatMap((_, index) => bindings[`${name} ${index}`]?.toArray() ?? [])),
    ]),
  );
}

/** |a - b| / |b| in the 2-norm; 0 when both are 0. */
export function relativeError(a: Float64Array, b: Float64Array): number {
  const difference = norm(a.map((value, index) => value - (b[index] ?? Number.NaN)));
  const size = norm(b);
  return difference === 0 ? 0 : difference / size;
}

/** The 2-norm. */
function norm(values: Float64Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}

/** Largest difference relative to the largest logit. */
function logitError(actual: Float64Array, expected: Float64Array): number {
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const difference = actual.reduce(
    (most, value, i) => Math.max(most, Math.abs(value - (expected[i] ?? Number.NaN))),
    0,
  );
  return difference === 0 ? 0 : difference / largest;
}

function errorOf(name: QuantityName, actual: Float64Array, expected: Float64Array): number {
  return name === 'logits' ? logitError(actual, expected) : relativeError(actual, expected);
}

async function oracleError(
  quantities: Quantities,
  point: CheckPoint,
  computed: Computed,
  oracle: LogitsOracle,
): Promise<number> {
  const { xTrain, xVal } = quantities.inputs;
  const parts: number[] = [];
  for (const node of [xTrain, xVal]) {
    const x = Float32Array.from(feedOf(point, node));
    parts.push(...(await oracle(x, node.shape)));
  }
  return logitError(part(computed, 'logits'), Float64Array.from(parts));
}

/** Errors against the values of a reference file. */
export function referenceErrors({ reference }: CheckPoint, computed: Computed): Errors {
  if (reference === undefined) return {};
  return Object.fromEntries(
    [...reference].map(([name, expected]) => [name, errorOf(name, part(computed, name), expected)]),
  );
}

function feedOf(point: CheckPoint, node: Node): Float64Array {
  if (!isOp(node, 'input')) throw new TypeError('Only inputs have feeds.');
  return point.feeds.get(node.attributes.name) as Float64Array;
}

/**
 * Values against their evaluation in float64; derivatives against those of the graph in float64, and these against central
 * differences.
 */
export function float64Errors(quantities: Quantities, point: CheckPoint, computed: Computed): Errors {
  const { f, g, penalty, lowerGradient, q, v, inputs } = quantities;
  const exact = evaluateQuantities(quantities, point);
  const feeds = feedsOf(quantities, point);
  // q is held constant where <grad_v g, q> is differentiated.
  const stoppedQ = evaluate(q, feeds).map((data, index) => constant(data, q[index]?.shape ?? []));
  const slope = inner(lowerGradient, stoppedQ);
  const vs = v.map(({ node }) => node);
  const us = [inputs.u];
  const values = Object.fromEntries(
    (['logits', 'f', 'g'] as const).map((name) => [name, errorOf(name, part(computed, name), part(exact, name))]),
  );
  const derivatives = (
    [
      ['grad_u_g', g, us],
      ['grad_v_f', f, vs],
      ['grad_v_g', g, vs],
      ['hvp_v', slope, vs],
      ['hvp_u', slope, us],
      ['penalty_grad_v', penalty, vs],
      ['penalty_grad_u', penalty, us],
    ] as const
  ).map(([name, scalar, variables]) => [
    name,
    derivativeError(scalar, variables, part(computed, name), part(exact, name), feeds),
  ]);
  return { ...values, ...Object.fromEntries(derivatives) };
}

/** Every quantity by the graph's own definition in float64. */
export function evaluateQuantities(quantities: Quantities, point: CheckPoint): Computed {
  const nodes = quantityNames.flatMap((name) => quantities.values[name]);
  const values = evaluate(nodes, feedsOf(quantities, point));
  let next = 0;
  return new Map(
    quantityNames.map((name) => {
      const start = next;
      next += quantities.values[name].length;
      return [name, joined(values.slice(start, next))];
    }),
  );
}

function feedsOf({ inputs, v, nu }: Quantities, point: CheckPoint): ReadonlyMap<Node, Float64Array> {
  const nodes = [...Object.values(inputs), ...v.map(({ node }) => node), ...nu];
  return new Map(nodes.map((node) => [node, feedOf(point, node)]));
}

function part(computed: Computed, name: QuantityName): Float64Array {
  return computed.get(name) as Float64Array;
}

/**
 * Steps of the differences, relative to the norm of the point, tried until two in a row agree within `settled`: a step that
 * crosses a kink of the network (ReLU, max pooling) gives a difference that the next, ten times shorter, does not confirm.
 */
const steps = [1e-6, 1e-7, 1e-8, 1e-9, 1e-10];
const settled = 1e-5;

/** Shorter derivatives are compared as if they had this length: float32 cannot tell them from 0. */
const shortest = 1e-3;

/**
 * The larger of two errors, relative to the derivative's length: of the engine's derivative against the graph's in float64,
 * element by element, and of the latter, along directions, against central differences of what it is the derivative of.
 */
function derivativeError(
  scalar: Node,
  variables: readonly Node[],
  derivative: Float64Array,
  exact: Float64Array,
  feeds: ReadonlyMap<Node, Float64Array>,
): number {
  const random = Random.fromSeed(0, 'directions');
  const size = Math.max(norm(exact), shortest);
  const starts = variables.map((node) => feeds.get(node) as Float64Array);
  const scale = Math.max(1, Math.hypot(...starts.map(norm)));
  let worst = norm(derivative.map((value, index) => value - (exact[index] ?? Number.NaN))) / size;
  const signs = exact.map(() => (random.uniform() < 0.5 ? 1 : -1));
  // Along random signs every element counts alike; along the derivative itself its length is what is compared.
  for (const line of [signs, exact]) {
    const length = norm(line);
    if (length === 0) continue;
    const direction = line.map((value) => value / length);
    const valueAt = (distance: number): number => {
      const moved = new Map(feeds);
      let offset = 0;
      for (const [position, start] of starts.entries()) {
        const base = offset;
        moved.set(
          variables[position] as Node,
          start.map((x, i) => x + distance * (direction[base + i] as number)),
        );
        offset += start.length;
      }
      return (evaluate([scalar], moved)[0] as Float64Array)[0] as number;
    };
    const difference = (step: number): number => (valueAt(step * scale) - valueAt(-step * scale)) / (2 * step * scale);
    const slope = exact.reduce((sum, each, i) => sum + each * (direction[i] as number), 0);
    worst = Math.max(worst, Math.abs(slope - settledDifference(difference, size)) / size);
  }
  return worst;
}

function joined(parts: readonly Float64Array[]): Float64Array {
  return Float64Array.from(parts.flatMap((part) => [...part]));
}

/** The difference at the first step that confirms the one before it, or of all steps the one confirmed best. */
function settledDifference(difference: (step: number) => number, size: number): number {
  let best = { value: Number.NaN, change: Number.POSITIVE_INFINITY };
  let previous = Number.NaN;
  for (const step of steps) {
    const value = difference(step);
    const change = Math.abs(value - previous) / size;
    if (change < best.change) best = { value, change };
    if (best.change <= settled) break;
    previous = value;
  }
  return best.value;
}
