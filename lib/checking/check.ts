import { compile, targetOf } from '../compile/index.js';
import type { Device } from '../engine/index.js';
import { evaluate, type Node } from '../graph/index.js';
import type { Network } from '../onnx/index.js';
import { Tensor, type TensorType } from '../tensor.js';
import { type CheckProgress, compareWithDifferences, type DifferenceResult } from './differences.js';
import { type CheckNote, notesOf } from './notes.js';
import { type CheckPoint, nameOf } from './point.js';
import { type CostName, checkQuantities, isRandom, type Quantities, type QuantityName } from './quantities.js';
import { differenceReason, distanceReason } from './reasons.js';
import { evaluateRounded, float32Unit } from './rounding.js';
import { difference, joined, largest, norm } from './vectors.js';

/** Relative errors by quantity. */
export type Errors = Readonly<Partial<Record<QuantityName, number>>>;

/** Values of an input in float64, whatever its dtype. */
export interface OracleInput extends TensorType {
  readonly data: Float64Array;
}

/** Computes an output of a model for named inputs, by an implementation that is not ours; undefined when that cannot. */
export type OutputOracle = (
  inputs: Readonly<Record<string, OracleInput>>,
  output: string,
) => Promise<Float64Array | undefined>;

export interface CheckOptions {
  /** Without one the output is not compared with that of another implementation. */
  readonly oracle?: OutputOracle;
  readonly onProgress?: CheckProgress;
}

export interface CheckResult {
  /** The worst relative error of each quantity. */
  readonly errors: Errors;
  /** The same by what the engine's values were compared with. */
  readonly comparisons: {
    /** The output of another implementation; the largest error relative to the largest element. */
    readonly oracle: Errors;
    /** Evaluation in float64; for derivatives also central differences in float64. */
    readonly float64: Errors;
    /** The reference file, in the 2-norm of each quantity. */
    readonly reference: Errors;
  };
  /** How far rounding to float32 moves each quantity at this point, relative to its size. */
  readonly rounding: Errors;
  /** What the central differences of each derivative told. */
  readonly differences: Readonly<Partial<Record<CostName, DifferenceResult>>>;
  /** Why each quantity whose error is above its tolerance is. */
  readonly reasons: Readonly<Partial<Record<QuantityName, string>>>;
  /** What was left out, and why. */
  readonly notes: readonly CheckNote[];
}

const isOutput = (name: QuantityName): boolean => name === 'logits' || name === 'output';

/** The output must agree within 1e-5 of its largest element, all else within 1e-4 in the 2-norm. */
export function toleranceOf(name: QuantityName): number {
  return isOutput(name) ? 1e-5 : 1e-4;
}

/** Whether every error is within its tolerance. NaN is not. */
export function withinTolerance(errors: Errors): boolean {
  return (Object.entries(errors) as [QuantityName, number][]).every(([name, error]) => error <= toleranceOf(name));
}

export type Computed = ReadonlyMap<QuantityName, Float64Array>;

/**
 * Compares what the engine computes for a network in float32 (its output, a pair of costs on it, their first and second
 * derivatives and the gradient of the penalty function) with independent values. An output that is random is not compared with
 * the oracle's.
 */
export async function checkNetwork(
  network: Network,
  point: CheckPoint,
  device: Device,
  { oracle, onProgress = () => undefined }: CheckOptions = {},
): Promise<CheckResult> {
  const quantities = checkQuantities(network, point.setting);
  const [stage, parts] = ['values', 3 + roundingTrials];
  onProgress(stage, 0, parts);
  const computed = await computeQuantities(quantities, point, device);
  onProgress(stage, 1, parts);
  const exact = evaluateQuantities(quantities, point);
  onProgress(stage, 2, parts);
  const floors = roundingOf(quantities, point, exact, (trials) => onProgress(stage, 2 + trials, parts));
  const oracleValues = oracle && !isRandom(quantities) ? await runOracle(quantities, point, oracle) : undefined;
  const compared = {
    oracle: new Map(oracleValues ? [[firstName(quantities), oracleValues]] : []),
    float64: exact,
    reference: point.reference ?? new Map<QuantityName, Float64Array>(),
  };
  onProgress(stage, parts, parts);
  const differences = Object.fromEntries(compareWithDifferences(quantities, feedsOf(quantities, point), onProgress));
  const errors: Partial<Record<QuantityName, number>> = {};
  const reasons: Partial<Record<QuantityName, string>> = {};
  const comparisons = { oracle: {}, float64: {}, reference: {} } as Record<
    keyof typeof compared,
    Record<string, number>
  >;
  for (const [from, values] of Object.entries(compared) as [keyof typeof compared, Computed][]) {
    for (const [name, expected] of values) {
      const actual = computed.get(name) as Float64Array;
      const direct = errorOf(name, actual, expected, floors.get(name) ?? 0);
      const told = from === 'float64' ? differences[name]?.error : undefined;
      const error = worst([direct, ...(told === undefined ? [] : [told])]);
      comparisons[from][name] = error;
      errors[name] = worst([errors[name] ?? 0, error]);
      if (error <= toleranceOf(name)) continue;
      reasons[name] ??=
        direct <= toleranceOf(name)
          ? differenceReason(error)
          : distanceReason(from, quantities.parameters, quantities.values.get(name) ?? [], actual, expected);
    }
  }
  const rounding = Object.fromEntries(
    [...exact].map(([name, value]) => [name, ratio(floors.get(name) ?? 0, sizeOf(name, value))]),
  );
  const limited = (Object.entries(rounding) as [QuantityName, number][]).filter(
    ([name, share]) => roundingFactor * share > toleranceOf(name),
  );
  const notes = notesOf(quantities, differences, limited);
  return { errors, comparisons, rounding, differences, reasons, notes };
}

function worst(errors: readonly number[]): number {
  return errors.some(Number.isNaN) ? Number.NaN : Math.max(...errors);
}

/** What the engine computes for every quantity. */
export async function computeQuantities({ values }: Quantities, point: CheckPoint, device: Device): Promise<Computed> {
  const outputs = [...values].flatMap(([name, nodes]) =>
    nodes.map((node, index): [string, Node] => [`${name} ${index}`, node]),
  );
  const compiled = compile({ outputs: Object.fromEntries(outputs) }, { target: targetOf(device.info()) });
  using program = device.load(compiled);
  const bindings: Record<string, Tensor> = {};
  for (const { name, shape, dtype } of compiled.bindings) {
    const feed = point.feeds.get(name);
    bindings[name] = feed ? Tensor.from(feed, shape, dtype) : Tensor.zeros(shape, dtype);
  }
  await program.run(bindings);
  return new Map(
    [...values].map(([name, nodes]): [QuantityName, Float64Array] => [
      name,
      joined(nodes.map((_, index) => new Float64Array(bindings[`${name} ${index}`]?.toArray() ?? []))),
    ]),
  );
}

/** Every quantity by the graph's own definition in float64. */
export function evaluateQuantities(quantities: Quantities, point: CheckPoint): Computed {
  return byQuantity(quantities, (nodes) => evaluate(nodes, feedsOf(quantities, point)));
}

function byQuantity({ values }: Quantities, evaluated: (nodes: readonly Node[]) => readonly Float64Array[]): Computed {
  const results = evaluated([...values.values()].flat());
  let next = 0;
  return new Map(
    [...values].map(([name, nodes]) => {
      const start = next;
      next += nodes.length;
      return [name, joined(results.slice(start, next))];
    }),
  );
}

/** Size of a quantity or of an error in it: the largest element of an output, the 2-norm of all else. */
function sizeOf(name: QuantityName, values: Float64Array): number {
  return isOutput(name) ? largest(values) : norm(values);
}

const roundingTrials = 2;

/** The largest distance that rounding to float32 makes in a few trials. */
function roundingOf(
  quantities: Quantities,
  point: CheckPoint,
  exact: Computed,
  onTrial: (trials: number) => void = () => undefined,
): ReadonlyMap<QuantityName, number> {
  const feeds = feedsOf(quantities, point);
  const distances = new Map<QuantityName, number>();
  for (let seed = 0; seed < roundingTrials; seed++) {
    const trial = byQuantity(quantities, (nodes) => evaluateRounded(nodes, feeds, float32Unit, seed));
    for (const [name, value] of exact) {
      const distance = sizeOf(name, difference(trial.get(name) as Float64Array, value));
      distances.set(name, Math.max(distances.get(name) ?? 0, distance));
    }
    onTrial(seed + 1);
  }
  return distances;
}

/** An engine that adds in another order may be off by this many times what the trials of rounding were. */
const roundingFactor = 5;

/**
 * The distance relative to the size of what is expected. Where rounding explains more than the tolerance, the size counts as so
 * large that the tolerance is what rounding explains.
 */
function errorOf(name: QuantityName, actual: Float64Array, expected: Float64Array, rounding: number): number {
  const floor = (roundingFactor * rounding) / toleranceOf(name);
  return ratio(sizeOf(name, difference(actual, expected)), Math.max(sizeOf(name, expected), floor));
}

function ratio(a: number, b: number): number {
  return a === 0 ? 0 : a / b;
}

/** Errors of what was computed against the values of a reference file. */
export function referenceErrors({ reference = new Map() }: CheckPoint, computed: Computed): Errors {
  return Object.fromEntries(
    [...reference].map(([name, expected]) => [name, errorOf(name, computed.get(name) as Float64Array, expected, 0)]),
  );
}

/** Errors of what was computed against the evaluation of the graph in float64. */
export function float64Errors(quantities: Quantities, point: CheckPoint, computed: Computed): Errors {
  const exact = evaluateQuantities(quantities, point);
  const floors = roundingOf(quantities, point, exact);
  return Object.fromEntries(
    [...exact].map(([name, expected]) => [
      name,
      errorOf(name, computed.get(name) as Float64Array, expected, floors.get(name) ?? 0),
    ]),
  );
}

async function runOracle(
  { train, validation }: Quantities,
  point: CheckPoint,
  oracle: OutputOracle,
): Promise<Float64Array | undefined> {
  const parts: Float64Array[] = [];
  for (const { inputs } of [train, validation]) {
    const values = Object.entries(inputs).map(([name, node]): [string, OracleInput] => [
      name,
      { dtype: node.dtype, shape: node.shape, data: feedOf(point, node) },
    ]);
    const part = await oracle(Object.fromEntries(values), point.setting.output);
    if (part === undefined) return undefined;
    parts.push(part);
  }
  return joined(parts);
}

function firstName({ values }: Quantities): QuantityName {
  return [...values.keys()][0] as QuantityName;
}

function feedOf(point: CheckPoint, node: Node): Float64Array {
  return point.feeds.get(nameOf(node)) as Float64Array;
}

function feedsOf(
  { train, validation, parameters, costs }: Quantities,
  point: CheckPoint,
): ReadonlyMap<Node, Float64Array> {
  const sides = [train, validation].flatMap(({ inputs, target }) => [
    ...Object.values(inputs),
    ...(target ? [target] : []),
  ]);
  const others = costs ? [costs.u, costs.gamma, costs.lambda, ...costs.nu] : [];
  const nodes = [...sides, ...parameters.map(({ node }) => node), ...others];
  return new Map(nodes.map((node) => [node, feedOf(point, node)]));
}
