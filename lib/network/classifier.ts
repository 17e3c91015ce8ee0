import { type AugmentOptions, feed, minimizationProblem } from '../bilevel/index.js';
import { type CompiledProgram, compileCached, optionsFor } from '../compile/index.js';
import type { SampleInputs } from '../data/labelled-samples.js';
import { SparseRows } from '../data/sparse-rows.js';
import { bindTensors, type Device, type Program } from '../engine/index.js';
import { BilevelError } from '../errors.js';
import { argMax, crossEntropy, gather, input, mean, type Node, softmax } from '../graph/index.js';
import type { Network } from '../onnx/index.js';
import { cosine } from '../schedules/index.js';
import { minimize } from '../solvers/index.js';
import { type DType, elementCount, formatType, type Shape, sameShape, Tensor, type TensorType } from '../tensor.js';
import { indexBounds } from './draws.js';
import { applyToRows } from './sparse-inputs.js';

export type Parameters = Readonly<Record<string, Tensor>>;

/** Images or tokens with their labels: inputs [n, ...], labels int64 [n]. */
export interface Samples {
  readonly inputs: SampleInputs;
  readonly labels: Tensor<'int64'>;
}

/** Inputs of samples, or sparse rows for networks whose first layer is dense. */
export type AnyInputs = SampleInputs | SparseRows;

export interface TrainOptions {
  /** Optimizer steps; a long training is cut into native calls of equal length, which may add up to 2 % to them. */
  readonly steps: number;
  /** First learning rate of Adam. It falls to 0 along half a cosine, so that the end is a minimum and not a walk. */
  readonly learningRate: number;
  /** Samples of a mini-batch. */
  readonly batch: number;
  readonly seed: number;
  /** How images are changed at random; as they are by default. */
  readonly augment?: AugmentOptions | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** Most steps of one native call of a training: enough that the call costs nothing, few enough for progress. */
const stepsPerCall = 50;

/**
 * Refuses a network that does not fit the data.
 * @param inputShape of one sample
 * @throws INVALID_ARGUMENT for a network with other than one input; SHAPE_MISMATCH naming both shapes or dtypes
 */
export function checkFit(network: Network, inputShape: Shape, classes: number, dtype: DType = 'float32'): void {
  const [declared, ...others] = network.inputs;
  if (declared === undefined || others.length > 0) {
    const names = network.inputs.map(({ name }) => JSON.stringify(name)).join(', ') || 'none';
    throw new BilevelError(
      'INVALID_ARGUMENT',
      `The network has the inputs ${names} but the data have one array of inputs. ${adviseOutput(network)}`,
    );
  }
  const [, ...expected] = declared.shape ?? [undefined, ...inputShape];
  const fits =
    expected.length === inputShape.length && expected.every((size, axis) => sizeFits(size, inputShape[axis]));
  if (!fits || declared.dtype !== dtype) {
    const [theirs, ours] = declared.dtype === dtype ? ['', ''] : [`${declared.dtype} `, `${dtype} `];
    throw new BilevelError(
      'SHAPE_MISMATCH',
      `The network takes ${theirs}inputs of shape [${expected.map((size) => size ?? '?').join(', ')}] but the data have ` +
        `${ours}[${inputShape.join(', ')}]. Use a network made for these data, or other data.`,
    );
  }
  const { logits } = applyTo(network, [2, ...inputShape], dtype);
  if (logits.dtype !== 'float32' || !sameShape(logits.shape, [2, classes])) {
    throw new BilevelError(
      'SHAPE_MISMATCH',
      `The network gives ${formatType(logits)} for 2 inputs but [2, ${classes}] logits are needed for ${classes} classes. ` +
        adviseOutput(network),
    );
  }
}

/**
 * Refuses integers outside the table that a network looks them up in.
 * @throws INVALID_DATA naming the sample, the integer and the size of the table
 */
export function checkTokens(network: Network, inputs: SampleInputs, what: string): void {
  if (inputs.dtype !== 'int64') return;
  const [, ...inputShape] = inputs.shape;
  const { x, logits } = applyTo(network, [2, ...inputShape], 'int64');
  const bound = indexBounds([logits]).get(x);
  const bad = bound === undefined ? -1 : inputs.data.findIndex((token) => token < 0n || token >= BigInt(bound));
  if (bad < 0) return;
  throw new BilevelError(
    'INVALID_DATA',
    `Sample ${Math.floor(bad / elementCount(inputShape))} of the ${what} holds ${inputs.data[bad]}, but the network looks its ` +
      `inputs up in a table of ${bound} rows.`,
  );
}

/** The network in its inference form, on inputs of a shape. */
function applyTo(network: Network, shape: Shape, dtype: DType): { readonly x: Node; readonly logits: Node } {
  const x = input('x', shape, dtype);
  return { x, logits: network.apply(x, network.parameterNodes(), { training: false }) };
}

function sizeFits(declared: number | string | undefined, size: number | undefined): boolean {
  return typeof declared !== 'number' || declared === size;
}

/** What else a network has to offer. */
function adviseOutput({ outputs: [first], otherOutputs }: Network): string {
  const names = otherOutputs.map((name) => JSON.stringify(name)).join(', ');
  if (names === '') return 'Use a network made for these data.';
  return `That is of its output ${JSON.stringify(first)}; the option output chooses another: ${names}.`;
}

/** What a network tells of an input: its most likely class, or the probabilities of all. */
type Told = 'classes' | 'probabilities';

interface Loaded {
  readonly compiled: CompiledProgram;
  readonly program: Program;
  /** What is told of a chunk. */
  readonly told: TensorType;
}

/**
 * Predictions of a network in its inference form for whole data sets, with programs that are compiled once. All calls
 * name the same parameters: the trainable ones and, where a network has them, its running statistics.
 */
export class Classifier implements Disposable {
  readonly #device: Device;
  readonly #network: Network;
  readonly #programs = new Map<string, Loaded>();
  /** Rows of one step: large enough for the matrix products, small enough to keep activations in memory. */
  readonly #chunk = 250;

  constructor(network: Network, device: Device) {
    this.#network = network;
    this.#device = device;
  }

  /** The most likely class of every input, [n]. */
  async predict(inputs: AnyInputs, parameters: Parameters): Promise<Int32Array> {
    const count = countOf(inputs);
    const { data } = await this.#tell('classes', inputs, parameters);
    return Int32Array.from(data.subarray(0, count), Number);
  }

  /** The probability of every class for every input, float32 [n, classes]. */
  async probabilities(inputs: AnyInputs, parameters: Parameters): Promise<Tensor<'float32'>> {
    const count = countOf(inputs);
    const { data, shape } = await this.#tell('probabilities', inputs, parameters);
    const [, , classes = 0] = shape;
    return Tensor.from((data as Float32Array).slice(0, count * classes), [count, classes]);
  }

  /** Share of the samples whose most likely class is their label, from 0 to 1. */
  async accuracy(
    { inputs, labels }: { readonly inputs: AnyInputs; readonly labels: Tensor<'int64'> },
    parameters: Parameters,
  ): Promise<number> {
    const predicted = await this.predict(inputs, parameters);
    return (
      predicted.reduce((right, label, index) => right + Number(BigInt(label) === labels.data[index]), 0) / labels.size
    );
  }

  /** By steps of a chunk, [steps, chunk, ...]; the last step repeats the last row where there is none left. */
  async #tell(what: Told, inputs: AnyInputs, parameters: Parameters): Promise<Tensor> {
    const count = countOf(inputs);
    const chunk = Math.min(this.#chunk, count);
    const steps = Math.ceil(count / chunk);
    const index = Tensor.zeros([steps, chunk], 'int32');
    for (let position = 0; position < index.size; position++) index.data[position] = Math.min(position, count - 1);
    const { compiled, program, told } = this.#program(what, inputs, chunk, parameters);
    const values = Tensor.zeros([steps, ...told.shape], told.dtype);
    const all: Record<string, Tensor> = { ...arraysOf(inputs), index, [what]: values };
    for (const [name, tensor] of Object.entries(parameters)) all[`v/${name}`] = tensor;
    await program.run(bindTensors(compiled, all), { steps });
    return values;
  }

  #program(what: Told, given: AnyInputs, chunk: number, parameters: Parameters): Loaded {
    const arrays = Object.entries(arraysOf(given));
    const key = [
      what,
      ...arrays.map(
        ([
          ,
          {
            shape: [count],
          },
        ]) => count,
      ),
    ].join(' ');
    const known = this.#programs.get(key);
    if (known) return known;
    const index = input('index', [chunk], 'int32');
    const wholes = new Map(arrays.map(([name, { shape, dtype }]) => [name, input(name, shape, dtype)]));
    const whole = (name: string): Node => wholes.get(name) as Node;
    const rows = gather(whole('inputs'), index);
    const isSparse = given instanceof SparseRows;
    const x = isSparse ? { values: whole('values'), indices: whole('indices'), extents: rows } : rows;
    const nodes = Object.entries(parameters).map(([name, tensor]): [string, Node] => [
      name,
      input(`v/${name}`, tensor.shape),
    ]);
    const columns = isSparse ? given.columns : 0;
    const logits = applyToRows(this.#network, x, columns, Object.fromEntries(nodes), { training: false });
    const told = what === 'classes' ? argMax(logits, 1) : softmax(logits, 1);
    const spec = { perStep: [index], perStepOutputs: { [what]: told } };
    const compiled = compileCached(spec, optionsFor(this.#device));
    const made = { compiled, program: this.#device.load(compiled), told };
    this.#programs.set(key, made);
    return made;
  }

  dispose(): void {
    for (const { program } of this.#programs.values()) program.dispose();
    this.#programs.clear();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

const countOf = (inputs: AnyInputs): number => (inputs instanceof SparseRows ? inputs.size : (inputs.shape[0] ?? 0));

/** The tensors of inputs by the names that programs bind them by; the rows of the first are samples. */
const arraysOf = (inputs: AnyInputs): Readonly<Record<string, Tensor>> =>
  inputs instanceof SparseRows
    ? { inputs: inputs.extents, values: inputs.values, indices: inputs.indices }
    : { inputs };

/**
 * Trains the network on the samples by Adam on the mean cross-entropy, from `initial`.
 * @returns the trained parameters; `initial` stays as it is
 * @throws ABORTED, NON_FINITE
 */
export async function trainClassifier(
  network: Network,
  { inputs, labels }: Samples,
  initial: Parameters,
  options: TrainOptions,
  device: Device,
): Promise<Parameters> {
  const { steps, learningRate, seed, augment, signal, onProgress } = options;
  const batch = Math.min(options.batch, labels.size);
  const calls = Math.ceil(steps / stepsPerCall);
  const callSteps = Math.ceil(steps / calls);
  const problem = minimizationProblem({
    lower: initial,
    feeds: { train: feed({ x: inputs, y: labels }, { batch, seed, augment: { x: augment } }) },
    g: ({ v, train, key }) => mean(crossEntropy(network.apply(train.x, v, { key }), train.y)),
  });
  const schedule = cosine(learningRate, 0, calls * callSteps);
  using solver = minimize(problem, { steps: callSteps, learningRate: schedule }, { device });
  const state = solver.init();
  for await (const report of solver.run({ iterations: calls, state, ...(signal && { signal }) })) {
    onProgress?.(report.iteration, calls);
  }
  return state.v;
}

/** Both parts one after the other. */
export function joinSamples(a: Samples, b: Samples): Samples {
  return { inputs: joinRows(a.inputs, b.inputs), labels: joinRows(a.labels, b.labels) };
}

/** The samples for which `keep` holds. */
export function filterSamples<T extends SampleInputs>(
  { inputs, labels }: { readonly inputs: T; readonly labels: Tensor<'int64'> },
  keep: (row: number) => boolean,
): { readonly inputs: T; readonly labels: Tensor<'int64'> } {
  const rows = Array.from({ length: labels.size }, (_, row) => row).filter(keep);
  return { inputs: takeRows(inputs, rows), labels: takeRows(labels, rows) };
}

function joinRows<T extends Tensor>(a: T, b: T): T {
  const joined = withRows(a, (a.shape[0] ?? 0) + (b.shape[0] ?? 0));
  bytesOf(joined).set(bytesOf(a));
  bytesOf(joined).set(bytesOf(b), a.data.byteLength);
  return joined;
}

/** The rows of these numbers. */
export function takeRows<T extends Tensor>(tensor: T, rows: readonly number[]): T {
  const taken = withRows(tensor, rows.length);
  const [from, to] = [bytesOf(tensor), bytesOf(taken)];
  const size = from.length / Math.max(1, tensor.shape[0] ?? 0);
  for (const [target, row] of rows.entries()) to.set(from.subarray(row * size, (row + 1) * size), target * size);
  return taken;
}

/** A tensor of zeros that is like another one but for its number of rows. */
function withRows<T extends Tensor>({ dtype, shape }: T, rows: number): T {
  return Tensor.zeros([rows, ...shape.slice(1)], dtype) as T;
}

function bytesOf({ data }: Tensor): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
