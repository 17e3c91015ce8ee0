import { BilevelError, invalidArgument } from '../errors.js';
import { input } from '../graph/index.js';
import type { Network, NetworkInput } from '../onnx/index.js';
import type { Shape, TensorType } from '../tensor.js';

/** What a caller fixes of the sizes that a file leaves open. */
export interface SizeOptions {
  /** Samples; by default those of a file that fixes them, else `usualBatch`. */
  readonly batch?: number | undefined;
  readonly usualBatch: number;
  /** Sizes by their names in the file, or by INPUT.AXIS where they have none. */
  readonly sizes?: Readonly<Record<string, number>> | undefined;
}

/** A size for every axis of every input, and the outputs that they lead to. */
export interface NetworkSizes {
  readonly batch: number;
  readonly inputs: ReadonlyMap<string, Shape>;
  readonly outputs: ReadonlyMap<string, TensorType>;
}

/** Tried one after the other for the axes that neither the file nor the caller fixes: pixels of images, and lengths. */
const usualSizes = { image: [32, 64, 128, 224, 16, 8], other: [8, 16, 32, 64, 128, 3] } as const;

/**
 * Sizes at which a network can be applied: those of the file and the caller, and for what they leave open the first
 * usual size that fits.
 * @throws INVALID_ARGUMENT for the name of a size that is not in the file; what `apply` throws, with the sizes that may
 *   be given
 */
export function chooseSizes(network: Network, { batch, usualBatch, sizes = {} }: SizeOptions): NetworkSizes {
  const axes = new Map(network.inputs.map((each) => [each.name, axesOf(each)]));
  const [first] = [...axes.values()].map(([axis]) => axis);
  const fixed = typeof first?.size === 'number' ? first.size : undefined;
  const rows = batch ?? fixed ?? usualBatch;
  const all = [...axes.values()].flat();
  const inner = new Set(all.filter(({ position }) => position > 0).map(({ name }) => name));
  const isBatch = (axis: Axis): boolean =>
    axis.position === 0 &&
    (typeof axis.size === 'number' ? axis.size === fixed : axis === first || !inner.has(axis.name));
  const open = new Set(all.filter((axis) => typeof axis.size !== 'number' && !isBatch(axis)).map(({ name }) => name));
  if (first !== undefined) open.delete(first.name);
  const unknown = Object.keys(sizes).find((name) => !open.has(name));
  if (unknown !== undefined) {
    throw invalidArgument('sizes', `names among ${[...open].join(', ') || 'none: the file fixes all sizes'}`, unknown);
  }
  const sizeOf = (axis: Axis, guess: number): number => {
    if (isBatch(axis) || (axis.name === first?.name && typeof axis.size !== 'number')) return rows;
    return typeof axis.size === 'number' ? axis.size : (sizes[axis.name] ?? guess);
  };
  const image = [...axes.values()].some(({ length }) => length === 4);
  const isKnown = [...open].every((name) => Object.hasOwn(sizes, name));
  const guesses = isKnown ? [0] : usualSizes[image ? 'image' : 'other'];
  let problem: BilevelError | undefined;
  for (const guess of guesses) {
    const shapes = [...axes].map(([name, each]) => [name, each.map((axis) => sizeOf(axis, guess))] as const);
    try {
      return { batch: rows, inputs: new Map(shapes), outputs: outputTypes(network, new Map(shapes)) };
    } catch (error) {
      if (!(error instanceof BilevelError) || error.code !== 'SHAPE_MISMATCH') throw error;
      problem ??= error;
    }
  }
  throw advised(problem as BilevelError, fixed === rows ? undefined : fixed, open);
}

interface Axis {
  readonly position: number;
  /** A number when the file fixes it. */
  readonly size: number | string | undefined;
  /** The size's name in the file, or one made of input and position. */
  readonly name: string;
}

function axesOf({ name, shape }: NetworkInput): readonly Axis[] {
  if (shape === undefined) {
    throw new BilevelError(
      'UNSUPPORTED_OPERATOR',
      `The file does not say how many axes its input ${JSON.stringify(name)} has; export it with a shape.`,
    );
  }
  return shape.map((size, position) => {
    const isNamed = typeof size === 'string' && size !== '';
    return { position, size, name: isNamed ? size : `${name}.${position}` };
  });
}

/** The types of all outputs of the network in its inference form. */
function outputTypes(network: Network, shapes: ReadonlyMap<string, Shape>): ReadonlyMap<string, TensorType> {
  const nodes = network.inputs.map(({ name, dtype }) => [name, input(name, shapes.get(name) ?? [], dtype)] as const);
  const outputs = network.applyAll(Object.fromEntries(nodes), network.parameterNodes('v/'), { training: false });
  return new Map(Object.entries(outputs).map(([name, { dtype, shape }]) => [name, { dtype, shape }]));
}

function advised(problem: BilevelError, fixedBatch: number | undefined, open: ReadonlySet<string>): BilevelError {
  const advice = [
    ...(fixedBatch === undefined ? [] : [`The file fixes batches of ${fixedBatch}, so others may not work.`]),
    ...(open.size === 0 ? [] : [`Sizes that the file leaves open can be given: ${[...open].join(', ')}.`]),
  ];
  return new BilevelError(problem.code, [problem.message, ...advice].join(' '), { cause: problem });
}
