import { Random } from '../../../lib/data/random.js';
import type { Device } from '../../../lib/engine/index.js';
import { evaluate, input, type Node } from '../../../lib/graph/index.js';
import { Network } from '../../../lib/onnx/index.js';
import { elementCount } from '../../../lib/tensor.js';
import { runNative, worstError } from '../engine/run-native.js';
import { type AttributeValue, buildModel, encode, type TestNode, type TestTensor, tensor } from './builder.js';
import { type RuntimeResult, runByRuntime } from './runtime.js';

/** One operator application, compared with ONNX Runtime at each of `opsets`. */
export interface OperatorCase {
  readonly op: string;
  /** What is special about this case. */
  readonly note?: string;
  readonly opsets: readonly number[];
  /** The first is the network's input, all others are stored in the file; undefined is an input that is left out. */
  readonly inputs: readonly (TestTensor | undefined)[];
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  /** Nodes in place of one application, which lead from x, input1, input2, ... to y0, y1, ... */
  readonly nodes?: readonly TestNode[];
  /** True for operators of stored inputs alone: all are stored, and the result is multiplied by the network's input. */
  readonly folded?: true;
  /** True for inputs at a kink or beside an infinity, where no difference quotient is a derivative. */
  readonly kinked?: true;
  /** Number of outputs, each of which is compared; 1 by default. */
  readonly outputs?: number;
  /** What comes out by the definition of the operator, where ONNX Runtime does not compute it. */
  readonly expected?: RuntimeResult;
}

/** Numbers from -range to range with a fixed seed for each shape. */
export function random(shape: readonly number[], range = 2): TestTensor {
  const generator = Random.fromSeed(7, shape.join());
  return tensor(
    Array.from({ length: elementCount(shape) }, () => Math.fround(range * (2 * generator.uniform() - 1))),
    shape,
  );
}

/** Numbers from `low` to `high`. */
export function between(low: number, high: number, shape: readonly number[]): TestTensor {
  const { data } = random(shape, 1);
  return tensor(
    data.map((value) => Math.fround(low + ((value + 1) / 2) * (high - low))),
    shape,
  );
}

const one = tensor([1]);

/** The network's input. */
function inputOf({ inputs: [first], folded }: OperatorCase): TestTensor {
  if (folded) return one;
  if (first === undefined) throw new Error('The first input of a case cannot be left out.');
  return first;
}

/** The case as a file whose output is its result number `output`. */
export function modelBytes(operatorCase: OperatorCase, opset: number, output: number): Uint8Array {
  const { op, inputs, attributes = {}, outputs = 1, folded, nodes } = operatorCase;
  const x = inputOf(operatorCase);
  const names = inputs.map((value, index) =>
    value === undefined ? '' : index === 0 && !folded ? 'x' : `input${index}`,
  );
  const stored = inputs.flatMap((value, index) =>
    value === undefined || names[index] === 'x' ? [] : [[`input${index}`, value] as const],
  );
  const results = Array.from({ length: outputs }, (_, index) => `y${index}`);
  const multiply = [
    { op: 'Cast', inputs: [`y${output}`], outputs: ['real'], attributes: { to: 1 } },
    { op: 'Mul', inputs: ['x', 'real'], outputs: ['product'] },
  ];
  return encode(
    buildModel({
      opset,
      inputs: { x: { type: x.type, shape: x.shape } },
      initializers: Object.fromEntries(stored),
      nodes: [
        ...(nodes ?? [{ op, name: 'node', inputs: names, outputs: results, attributes }]),
        ...(folded ? multiply : []),
      ],
      outputs: [folded ? 'product' : `y${output}`],
    }),
  );
}

/** The first output of a model, with the elements of what it reads. */
async function applyModel(
  bytes: Uint8Array,
  x: TestTensor,
): Promise<{ readonly y: Node; readonly feeds: ReadonlyMap<Node, Float64Array> }> {
  const network = await Network.load(bytes);
  const dtype = x.type === 'float64' ? 'float32' : x.type;
  const node = input('x', x.shape, dtype);
  const parameters = network.parameterNodes();
  const feeds = new Map<Node, Float64Array>([[node, Float64Array.from(x.data)]]);
  for (const [name, parameter] of Object.entries(parameters)) {
    feeds.set(parameter, Float64Array.from(network.parameters.get(name)?.value.data ?? []));
  }
  return { y: network.apply(node, parameters), feeds };
}

/** The first output of a model by this package, in float64. */
export async function evaluateModel(bytes: Uint8Array, x: TestTensor): Promise<RuntimeResult> {
  const { y, feeds } = await applyModel(bytes, x);
  const [data = new Float64Array()] = evaluate([y], feeds);
  return { shape: y.shape, data: [...data] };
}

/** An output of a case as a graph over what it depends on, with the elements of that. */
export function applyCase(operatorCase: OperatorCase, opset: number, output: number): ReturnType<typeof applyModel> {
  return applyModel(modelBytes(operatorCase, opset, output), inputOf(operatorCase));
}

/** How far the engine's results of every output of a case are from those of the reference, see worstError. */
export function compareWithEngine(device: Device, operatorCase: OperatorCase, opset: number): Promise<number[]> {
  return Promise.all(
    Array.from({ length: operatorCase.outputs ?? 1 }, async (_, output) => {
      const { y, feeds } = await applyCase(operatorCase, opset, output);
      const [expected] = evaluate([y], feeds) as [Float64Array];
      const actual = (await runNative(device, { outputs: { y } }, feeds)).get('y') as Float64Array;
      return worstError(actual, expected);
    }),
  );
}

export interface OperatorComparison {
  readonly ours: RuntimeResult;
  readonly theirs: RuntimeResult;
  /**
   * Largest difference, relative to the largest finite element where that is above 1; NaN and infinities agree with
   * themselves.
   */
  readonly error: number;
}

/** Both results of every output of a case. */
export async function compareOperator(operatorCase: OperatorCase, opset: number): Promise<OperatorComparison[]> {
  const x = inputOf(operatorCase);
  return Promise.all(
    Array.from({ length: operatorCase.outputs ?? 1 }, async (_, output) => {
      const bytes = modelBytes(operatorCase, opset, output);
      const [ours, theirs] = [
        await evaluateModel(bytes, x),
        operatorCase.expected ?? (await runByRuntime(bytes, { x })),
      ];
      const scale = Math.max(1, ...theirs.data.filter(Number.isFinite).map(Math.abs));
      const differences = theirs.data.map((value, index) => difference(value, ours.data[index]));
      return { ours, theirs, error: Math.max(0, ...differences) / scale };
    }),
  );
}

function difference(expected: number, actual: number | undefined): number {
  return Object.is(expected, actual) ? 0 : Math.abs(expected - (actual ?? Number.NaN));
}
