import { feed } from '../bilevel/index.js';
import { compileCached, optionsFor } from '../compile/index.js';
import { Random } from '../data/random.js';
import { ShuffledRows } from '../data/samplers/shuffled.js';
import { bindTensors, Device } from '../engine/index.js';
import { BilevelError, checkKeys, checkRecord, describe, invalidArgument } from '../errors.js';
import { add, gather, input, mul, type Node, square, sub } from '../graph/index.js';
import { type BatchStatistics, type Moments, Network } from '../onnx/index.js';
import { Tensor } from '../tensor.js';

type Tensors = Readonly<Record<string, Tensor>>;

/** Options of {@link runningStatistics}. */
export interface StatisticsOptions {
  /**
   * As in `Network.apply`, and to be the same as where the parameters were trained: true for all layers in training
   * form. By default each layer does what the file says, and those in inference form keep their statistics.
   */
  readonly training?: boolean;
  /** Rows of a mini-batch, best as many as in the training; 200 by default, and never more than there are. */
  readonly batch?: number;
  /** Mini-batches to go through; by default as many as go through all rows once, but at most 100. */
  readonly batches?: number;
  /** Seed of the order of the rows and of dropout, an integer from 0 to 2^31 - 1; 0 by default. */
  readonly seed?: number;
  /** The device to run on; by default one made for this call. */
  readonly device?: Device;
  /** Stops the computation at the end of a mini-batch. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Running statistics of batch normalization that belong to parameters trained by the statistics of mini-batches: mean
 * and variance of every channel over mini-batches of `inputs`, to which the network is applied in its training form
 * ("precise" batch normalization, Wu and Johnson 2021). The inference form normalizes by them, so they belong to the
 * parameters wherever the trained network is used or saved.
 * @param inputs what the network was trained on, [n, ...], or several inputs by name
 * @param parameters the trained ones by name, such as `state.v`; those that are left out keep the values of the file
 * @returns the statistics by their names in `network.state`; none when no layer works in training form
 * @throws INVALID_ARGUMENT, UNKNOWN_OPTION, SHAPE_MISMATCH; NON_FINITE when what a layer normalizes is not finite;
 *   ABORTED
 */
export async function runningStatistics(
  network: Network,
  inputs: Tensor | Tensors,
  parameters: Tensors,
  options: StatisticsOptions = {},
): Promise<Record<string, Tensor>> {
  if (!(network instanceof Network)) throw invalidArgument('network', 'a Network', network);
  const { arrays, size: rows } = feed(inputs instanceof Tensor ? { [network.inputs[0]?.name ?? '']: inputs } : inputs);
  checkRecord(parameters, 'parameters');
  const unknown = Object.keys(parameters).find((name) => !network.parameters.has(name));
  if (unknown !== undefined) {
    throw invalidArgument('parameters', `names among ${[...network.parameters.keys()].join(', ')}`, unknown);
  }
  checkKeys(options, ['training', 'batch', 'batches', 'seed', 'device', 'signal'], 'runningStatistics');
  const { training, seed = 0, device, signal } = options;
  const batch = Math.min(options.batch ?? 200, rows);
  const sampler = new ShuffledRows(rows, batch, Random.fromSeed(seed, 'runningStatistics'));
  const { batches = Math.min(100, Math.ceil(rows / batch)) } = options;
  if (!Number.isSafeInteger(batches) || batches < 1) throw invalidArgument('batches', 'a positive integer', batches);

  const index = input('index', [batch], 'int32');
  const key = input('key', [2], 'int32');
  const share = input('share', []);
  const x = Object.fromEntries(
    Object.entries(arrays).map(([name, { shape, dtype }]) => [name, gather(input(`x/${name}`, shape, dtype), index)]),
  );
  const form = training === undefined ? { key } : { key, training };
  const values: Tensors = { ...network.initialParameters(), ...parameters };
  const nodes = Object.entries(values).map(([name, { shape, dtype }]) => [name, input(`v/${name}`, shape, dtype)]);
  const { statistics } = network.applyWithState(x, Object.fromEntries(nodes), form);
  const layers = byStoredTensors(statistics).map((applications) => accumulation(applications, share));
  if (layers.length === 0) return {};

  const spec = {
    perStep: [index, key, share],
    updates: layers.flatMap(({ updates }) => updates),
    outputs: Object.fromEntries(layers.map(({ stored, variance }) => [stored.variance, variance])),
  };
  const compiled = compileCached(spec, device === undefined ? {} : optionsFor(device));
  const steps = Array.from({ length: batches }, (_, step) => step);
  const tensors: Record<string, Tensor> = {
    index: Tensor.from(sampler.next(batches), [batches, batch]),
    key: Tensor.from(
      steps.flatMap((step) => [seed, step]),
      [batches, 2],
      'int32',
    ),
    share: Tensor.from(steps.map((step) => 1 / (step + 1))),
  };
  for (const [name, tensor] of Object.entries(values)) tensors[`v/${name}`] = tensor;
  for (const [name, tensor] of Object.entries(arrays)) tensors[`x/${name}`] = tensor;
  const bindings = bindTensors(compiled, tensors);
  const runsOn = device ?? Device.cpu();
  try {
    using program = runsOn.load(compiled);
    await program.run(bindings, { steps: batches, signal });
  } finally {
    if (device === undefined) runsOn.dispose();
  }
  return Object.fromEntries(
    layers.flatMap(({ stored, mean }) => [
      [stored.mean, checkFinite(stored.mean, bindings[mean])],
      [stored.variance, checkFinite(stored.variance, bindings[stored.variance])],
    ]),
  );
}

/**
 * Applications of batch normalization by the stored tensors that they normalize by when used: a layer that is applied
 * several times is one.
 */
function byStoredTensors(statistics: readonly BatchStatistics[]): BatchStatistics[][] {
  const layers = new Map<string, BatchStatistics[]>();
  for (const application of statistics) {
    const { mean } = application.stored;
    layers.set(mean, [...(layers.get(mean) ?? []), application]);
  }
  return [...layers.values()];
}

/** Mean and variance of the values of several applications together, which have equally many. */
function pooled(applications: readonly Moments[]): Moments {
  const average = (of: (moments: Moments) => Node): Node =>
    mul(
      applications.map(of).reduce((sum, each) => add(sum, each)),
      1 / applications.length,
    );
  const mean = average((moments) => moments.mean);
  return { mean, variance: average((moments) => add(moments.variance, square(sub(moments.mean, mean)))) };
}

/**
 * Mean and variance over the mini-batches so far, the mini-batch of this step included (Chan, Golub and LeVeque 1983):
 * the variance is the mean of those within the mini-batches plus that of their means.
 * @param share 1 / number of mini-batches so far
 */
function accumulation(applications: readonly BatchStatistics[], share: Node) {
  const { stored } = applications[0] as BatchStatistics;
  const batch = pooled(applications);
  const kept = (quantity: string): Node => input(`${quantity} of ${stored.mean}`, batch.mean.shape);
  const [mean, within, between] = [kept('mean'), kept('within'), kept('between')];
  const towards = (old: Node, value: Node): Node => add(old, mul(share, sub(value, old)));
  const nextMean = towards(mean, batch.mean);
  const nextWithin = towards(within, batch.variance);
  const nextBetween = towards(between, mul(sub(batch.mean, mean), sub(batch.mean, nextMean)));
  return {
    stored,
    /** Binding name of the mean. */
    mean: `mean of ${stored.mean}`,
    variance: add(nextWithin, nextBetween),
    updates: [
      [mean, nextMean],
      [within, nextWithin],
      [between, nextBetween],
    ] as const,
  };
}

function checkFinite(name: string, tensor: Tensor | undefined): Tensor {
  const position = tensor?.toArray().findIndex((value) => !Number.isFinite(value)) ?? 0;
  if (tensor !== undefined && position < 0) return tensor;
  throw new BilevelError(
    'NON_FINITE',
    `The statistics ${describe(name)} are not finite in channel ${position}: the parameters, or the inputs, drive what is ` +
      'normalized there beyond what float32 can hold. Give the parameters of a training that converged.',
  );
}
