import { compile, optionsFor } from '../compile/index.js';
import type { Device } from '../engine/index.js';
import type { Node } from '../graph/index.js';
import type { Network } from '../onnx/index.js';
import { Tensor, type TensorType } from '../tensor.js';
import { compareCosts } from './cost-differences.js';
import type { CheckProgress, DifferenceResult } from './differences.js';
import { type Computed, evaluateQuantities, feedOf, feedsOf } from './evaluation.js';
import { type CheckNote, notesOf } from './notes.js';
import type { CheckPoint } from './point.js';
import { type CostName, checkQuantities, isRandom, type Quantities, type QuantityName } from './quantities.js';
import { differenceReason, distanceReason } from './reasons.js';
import { type Errors, ratio, sizeOf, toleranceOf } from './tolerance.js';
import { distancesOf, RoundingTrials, roundingFactor, type Source, usualTrials } from './trials.js';
import { joined } from './vectors.js';

/** Values of an input in float64, whatever its dtype. */
export interface OracleInput extends TensorType {
  readonly data: Float64Array;
}

/**
 * Computes an output of a model for named inputs, by an implementation that is not ours; undefined when that cannot.
 */
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
  /** What was not judged, as rounding to float32 leaves no digit of it at this point. */
  readonly lost: readonly QuantityName[];
  /** How far rounding to float32 moves each quantity at this point, relative to its size. */
  readonly rounding: Errors;
  /** What the central differences of each derivative told. */
  readonly differences: Readonly<Partial<Record<CostName, DifferenceResult>>>;
  /** Why each quantity whose error is above its tolerance is. */
  readonly reasons: Readonly<Partial<Record<QuantityName, string>>>;
  /** What was left out, and why. */
  readonly notes: readonly CheckNote[];
}

/**
 * Compares what the engine computes for a network in float32 (its output, a pair of costs on it, their first and second
 * derivatives and the gradient of the penalty function) with independent values. An output that is random is not
 * compared with the oracle's.
 */
export async function checkNetwork(
  network: Network,
  point: CheckPoint,
  device: Device,
  { oracle, onProgress = () => undefined }: CheckOptions = {},
): Promise<CheckResult> {
  const quantities = checkQuantities(network, point.setting);
  const [stage, parts] = ['values', 3 + usualTrials];
  onProgress(stage, 0, parts);
  const computed = await computeQuantities(quantities, point, device);
  onProgress(stage, 1, parts);
  const exact = evaluateQuantities(quantities, point);
  onProgress(stage, 2, parts);
  const trials = new RoundingTrials(quantities, point, exact);
  for (let part = 3; part < parts; part++) {
    trials.run();
    onProgress(stage, part, parts);
  }
  const oracleValues = oracle && !isRandom(quantities) ? await runOracle(quantities, point, oracle) : undefined;
  const expectations = {
    oracle: new Map(oracleValues ? [[firstName(quantities), oracleValues]] : []),
    float64: exact,
    reference: point.reference ?? new Map<QuantityName, Float64Array>(),
  };
  const distances = Object.entries(expectations).flatMap(([from, values]) =>
    distancesOf(computed, values, from as Source),
  );
  trials.explain(distances);
  onProgress(stage, parts, parts);
  const differences = Object.fromEntries(compareCosts(quantities, feedsOf(quantities, point), onProgress));
  const errors: Partial<Record<QuantityName, number>> = {};
  const reasons: Partial<Record<QuantityName, string>> = {};
  const lost = new Set<QuantityName>();
  const comparisons: Record<Source, Partial<Record<QuantityName, number>>> = { oracle: {}, float64: {}, reference: {} };
  for (const distance of distances) {
    const { from, name, actual, expected } = distance;
    const direct = trials.errorOf(distance);
    const told = from === 'float64' ? differences[name]?.error : undefined;
    const error = worst([direct, ...(told === undefined ? [] : [told])]);
    comparisons[from][name] = error;
    if (!(error <= toleranceOf(name)) && trials.isLost(name)) lost.add(name);
    errors[name] = worst([errors[name] ?? 0, error]);
    if (error <= toleranceOf(name)) continue;
    reasons[name] ??=
      direct <= toleranceOf(name)
        ? differenceReason(error)
        : distanceReason(from, quantities.parameters, quantities.values.get(name) ?? [], actual, expected);
  }
  for (const name of lost) {
    delete errors[name];
    delete reasons[name];
  }
  const rounding = trials.shares();
  const limited = (Object.entries(rounding) as [QuantityName, number][]).filter(
    ([name, share]) => roundingFactor * share > toleranceOf(name),
  );
  const notes = notesOf(quantities, differences, limited, [...lost]);
  return { errors, comparisons, lost: [...lost], rounding, differences, reasons, notes };
}

function worst(errors: readonly number[]): number {
  return errors.some(Number.isNaN) ? Number.NaN : Math.max(...errors);
}

/** What the engine computes for every quantity. */
export async function computeQuantities({ values }: Quantities, point: CheckPoint, device: Device): Promise<Computed> {
  const outputs = [...values].flatMap(([name, nodes]) =>
    nodes.map((node, index): [string, Node] => [`${name} ${index}`, node]),
  );
  const compiled = compile({ outputs: Object.fromEntries(outputs) }, optionsFor(device));
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

/** Errors of what was computed against the values of a reference file. */
export function referenceErrors({ reference = new Map() }: CheckPoint, computed: Computed): Errors {
  return Object.fromEntries(
    distancesOf(computed, reference, 'reference').map(({ name, expected, distance }) => [
      name,
      ratio(distance, sizeOf(name, expected)),
    ]),
  );
}

/** Errors of what was computed against the evaluation of the graph in float64. */
export function float64Errors(quantities: Quantities, point: CheckPoint, computed: Computed): Errors {
  const exact = evaluateQuantities(quantities, point);
  const trials = new RoundingTrials(quantities, point, exact);
  const distances = distancesOf(computed, exact, 'float64');
  for (let trial = 0; trial < usualTrials; trial++) trials.run();
  trials.explain(distances);
  return Object.fromEntries(distances.map((each) => [each.name, trials.errorOf(each)]));
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
