import { compile, optionsFor } from '../../compile/index.js';
import { Random } from '../../data/random.js';
import type { Device } from '../../engine/index.js';
import { input } from '../../graph/index.js';
import { type Shape, Tensor } from '../../tensor.js';
import { type Model, predict } from './model.js';

export interface InstanceSettings {
  readonly model: Model;
  /** Columns of X, width of the hidden layer of the sigmoid network, columns of the embedding. */
  readonly features: number;
  readonly hidden: number;
  readonly embedding: number;
  /** Rows of each level. */
  readonly samples: number;
  /** Factor of |w|^2 / 2 in g. */
  readonly regularizer: number;
  readonly seed: number;
}

/** Rows x [n, features] with targets y [n, 1]. */
export type Rows = Readonly<Record<'x' | 'y', Tensor<'float32'>>>;

export interface Instance extends InstanceSettings {
  /** Where every run starts: the matrices of the embedding by name, and the head [embedding, 1]. */
  readonly start: { readonly matrices: Readonly<Record<string, Tensor<'float32'>>>; readonly head: Tensor<'float32'> };
  readonly lower: Rows;
  readonly upper: Rows;
}

/** Standard deviation of the noise of the targets. */
const noise = 0.1;

/** Everything is standard normal: rows, the true embedding and head that make the targets, and the start. */
export async function drawInstance(settings: InstanceSettings, device: Device): Promise<Instance> {
  const { model, features, hidden, embedding, samples, seed } = settings;
  const widths = model === 'linear' ? [features, embedding] : [features, hidden, embedding];
  const matrices = (random: Random): Record<string, Tensor<'float32'>> =>
    Object.fromEntries(
      widths.slice(1).map((width, index) => [`H${index + 1}`, normal([widths[index] ?? 0, width], random)]),
    );
  const stream = (name: string): Random => Random.fromSeed(seed, `representation ${name}`);
  const truth = stream('truth');
  const made = { matrices: matrices(truth), head: normal([embedding, 1], truth) };
  const rows = async (level: string): Promise<Rows> => {
    const random = stream(level);
    const x = normal([samples, features], random);
    const y = await targets(model, x, made, device);
    for (let row = 0; row < samples; row++) y.data[row] = (y.data[row] ?? 0) + noise * random.normal();
    return { x, y };
  };
  const first = stream('start');
  return {
    ...settings,
    start: { matrices: matrices(first), head: normal([embedding, 1], first) },
    lower: await rows('lower'),
    upper: await rows('upper'),
  };
}

function normal(shape: Shape, random: Random): Tensor<'float32'> {
  const tensor = Tensor.zeros(shape);
  for (let index = 0; index < tensor.size; index++) tensor.data[index] = random.normal();
  return tensor;
}

async function targets(
  model: Model,
  x: Tensor<'float32'>,
  { matrices, head }: Instance['start'],
  device: Device,
): Promise<Tensor<'float32'>> {
  const bound = { x, head, ...matrices };
  const nodes = Object.fromEntries(Object.entries(bound).map(([name, { shape }]) => [name, input(name, shape)]));
  const node = (name: string) => nodes[name] ?? input(name, []);
  const y = predict(model, node('x'), Object.keys(matrices).map(node), node('head'));
  using program = device.load(compile({ outputs: { y } }, optionsFor(device)));
  const result = Tensor.zeros(y.shape);
  await program.run({ ...bound, y: result });
  return result;
}
