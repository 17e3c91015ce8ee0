import { BilevelError, type ErrorCode } from '../../../lib/errors.js';
import { input } from '../../../lib/graph/index.js';
import type { ModelProto } from '../../../lib/onnx/file/schema/onnx_pb.js';
import { Network } from '../../../lib/onnx/index.js';
import { buildModel, encode, type TestModel, type TestNode } from './builder.js';
import { random } from './operator-case.js';

/** y = x w + b. */
export const linear: TestModel = {
  inputs: { x: { shape: ['batch', 3] } },
  initializers: { w: random([3, 2]), b: random([2]) },
  nodes: [{ op: 'Gemm', name: 'head', inputs: ['x', 'w', 'b'], outputs: ['y'] }],
  outputs: ['y'],
};

export function chain(nodes: readonly TestNode[], outputs: readonly string[] = ['y']): TestModel {
  return { inputs: { x: { shape: ['batch', 3] } }, nodes, outputs };
}

/** `linear` with its messages changed by hand. */
export function changed(change: (model: ModelProto) => void): Uint8Array {
  const model = buildModel(linear);
  change(model);
  return encode(model);
}

export function weights(model: ModelProto) {
  const [w] = model.graph?.initializer ?? [];
  if (w === undefined) throw new Error('The model has no weights.');
  return w;
}

/** Loads and applies, as a user of the file would. */
export async function use(bytes: Uint8Array): Promise<void> {
  const network = await Network.load(bytes);
  const parameters = network.parameterNodes();
  network.apply(input('x', network.inputShape(2)), parameters, { key: input('key', [2], 'int32') });
  network.toBytes({ ...network.initialParameters(), ...network.initialState() });
}

/** The code of the error that `use` gives; an error of any other class fails the test that calls it. */
export async function codeOf(bytes: Uint8Array): Promise<ErrorCode | undefined> {
  try {
    await use(bytes);
    return undefined;
  } catch (error) {
    if (error instanceof BilevelError) return error.code;
    throw error;
  }
}
