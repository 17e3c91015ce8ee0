import { feed, minimizationProblem } from '../bilevel/index.js';
import { type CompiledProgram, compileCached } from '../compile/index.js';
import type { Device, Program } from '../engine/index.js';
import { BilevelError } from '../errors.js';
import { argMax, crossEntropy, gather, input, mean, type Node } from '../graph/index.js';
import type { Network } from '../onnx/index.js';
import { cosine } from '../schedules/index.js';
import { minimize } from '../solvers/index.js';
import { formatType, type Shape, sameShape, Tensor } from '../tensor.js';

export type Parameters = Readonly<Record<string, Tensor>>;

/** Images or other inputs with their labels: inputs [n, ...], labels int64 [n]. */
export interface Samples {
  readonly inputs: Tensor<'float32'>;
  readonly labels: Tensor<'int64'>;
}

export interface TrainOptions {
  /** Optimizer steps; a long training is cut into native calls of equal length, which may add up to 2 % to them. */
  readonly steps: number;
  /** First learning rate of Adam. It falls to 0 along half a cosine, so that the end is a minimum and not a walk. */
  readonly learningRate: number;
  /** Samples of a mini-batch. */
  readonly batch: number;
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** Most steps of one native call of a training: enough that the call costs nothing, few enough for progress. */
const stepsPerCall = 50;

/**
 * Refuses a network that does not fit the data, which are float32.
 * @throws INVALID_ARGUMENT for a network with other than one input; SHAPE_MISMATCH naming both shapes or dtypes
 */
export function checkFit(network: Network, inputShape: Shape, classes: number): void {
  const [declared, ...others] = network.inputs;
  if (declared === undefined || others.length > 0) {
    const names = network.inputs.map(({ name }) => JSON.stringify(name)).join(', ') || 'none';
    throw new BilevelError(
      'INVALID_ARGUMENT',
      `The network has the inputs ${names} but the data have one array of inputs. ${adviseOutput(network)}`,
    );
  }
  const { dtype, shape: [, ...expected] = [undefined, ...inputShape] } = declared;
  const fits =
    expected.length === inputShape.length && expected.every((size, axis) => sizeFits(size, inputShape[axis]));
  if (!fits || dtype !== 'float32') {
    const type = dtype === 'float32' ? '' : `${dtype} `;
    throw new BilevelError(
      'SHAPE_MISMATCH',
      `The network takes ${type}inputs of shape [${expected.map((size) => size ?? '?').join(', ')}] but the data have ` +
        `${dtype === 'float32' ? '' : 'float32 '}[${inputShape.join(', ')}]. Use a network made for these data, or other data.`,
    );
  }
  const logits = network.apply(input('x', [2, ...inputShape]), network.parameterNodes(), { training: false });
  if (logits.dtype !== 'float32' || !sameShape(logits.shape, [2, classes])) {
    throw new BilevelError(
      'SHAPE_MISMATCH',
      `The network gives ${formatType(logits)} for 2 inputs but [2, ${classes}] logits are needed for ${classes} classes. ` +
        adviseOutput(network),
    );
  }
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

/**
 * Predictions of a network in its inference form for whole data sets, with programs that are compiled once. All calls
 * name the same parameters: the trainable ones and, where a network has them, its running statistics.
 */
export class Classifier implements Disposable {
  readonly #device: Device;
  readonly #network: Network;
  readonly #programs = new Map<number, { readonly compiled: CompiledProgram; readonly program: Program }>();
  /** Rows of one step: large enough for the matrix products, small enough to keep activations in memory. */
  readonly #chunk = 250;

  constructor(network: Network, device: Device) {
    this.#network = network;
    this.#device = device;
  }

  /** The most likely class of every input, [n]. */
  async predict(inputs: Tensor<'float32'>, parameters: Parameters): Promise<Int32Array> {
    const [count = 0] = inputs.shape;
    const chunk = Math.min(this.#chunk, count);
    const steps = Math.ceil(count / chunk);
    const index = Tensor.zeros([steps, chunk], 'int32');
    // The last step repeats the last row where there is none left.
    for (let position = 0; position < index.size; position++) index.data[position] = Math.min(position, count - 1);
    const classes = Tensor.zeros([steps, chunk], 'int64');
    const { compiled, program } = this.#program(inputs.shape, chunk, parameters);
    const all: Record<string, Tensor> = { inputs, index, classes };
    for (const [name, tensor] of Object.entries(parameters)) all[`v/${name}`] = tensor;
    const bindings = Object.fromEntries(compiled.bindings.map(({ name }) => [name, all[name] as Tensor]));
    await program.run(bindings, { steps });
    return Int32Array.from(classes.data.subarray(0, count), Number);
  }

  /** Share of the samples whose most likely class is their label, from 0 to 1. */
  async accuracy({ inputs, labels }: Samples, parameters: Parameters): Promise<number> {
    const predicted = await this.predict(inputs, parameters);
    return (
      predicted.reduce((right, label, index) => right + Number(BigInt(label) === labels.data[index]), 0) / labels.size
    );
  }

  #program(
    shape: Shape,
    chunk: number,
    parameters: Parameters,
  ): { readonly compiled: CompiledProgram; readonly program: Program } {
    const [count = 0] = shape;
    const known = this.#programs.get(count);
    if (known) return known;
    const index = input('index', [chunk], 'int32');
    const rows = gather(input('inputs', shape), index);
    const nodes = Object.entries(parameters).map(([name, tensor]): [string, Node] => [
      name,
      input(`v/${name}`, tensor.shape),
    ]);
    const logits = this.#network.apply(rows, Object.fromEntries(nodes), { training: false });
    const compiled = compileCached({ perStep: [index], perStepOutputs: { classes: argMax(logits, 1) } });
    const made = { compiled, program: this.#device.load(compiled) };
    this.#programs.set(count, made);
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
  const { steps, learningRate, seed, signal, onProgress } = options;
  const batch = Math.min(options.batch, labels.size);
  const calls = Math.ceil(steps / stepsPerCall);
  const callSteps = Math.ceil(steps / calls);
  const problem = minimizationProblem({
    lower: initial,
    feeds: { train: feed({ x: inputs, y: labels }, { batch, seed }) },
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
  const [rowsA = 0, ...inputShape] = a.inputs.shape;
  const [rowsB = 0] = b.inputs.shape;
  const inputs = Tensor.zeros([rowsA + rowsB, ...inputShape]);
  inputs.data.set(a.inputs.data);
  inputs.data.set(b.inputs.data, a.inputs.size);
  const labels = Tensor.zeros([rowsA + rowsB], 'int64');
  labels.data.set(a.labels.data);
  labels.data.set(b.labels.data, rowsA);
  return { inputs, labels };
}

/** The samples for which `keep` holds. */
export function filterSamples({ inputs, labels }: Samples, keep: (row: number) => boolean): Samples {
  const rows = Array.from({ length: labels.size }, (_, row) => row).filter(keep);
  const [, ...inputShape] = inputs.shape;
  const size = inputs.size / Math.max(1, labels.size);
  const kept = { inputs: Tensor.zeros([rows.length, ...inputShape]), labels: Tensor.zeros([rows.length], 'int64') };
  for (const [target, row] of rows.entries()) {
    kept.inputs.data.set(inputs.data.subarray(row * size, (row + 1) * size), target * size);
    kept.labels.data[target] = labels.data[row] ?? 0n;
  }
  return kept;
}
