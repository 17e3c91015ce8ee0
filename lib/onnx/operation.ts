import { BilevelError } from '../errors.js';
import { constant, isOp, type Node } from '../graph/index.js';
import type { DType, Shape } from '../tensor.js';
import { Attributes } from './attributes.js';
import type { OnnxLimits } from './file/limits.js';
import type { GraphProto } from './file/schema/onnx_pb.js';
import type { ModelNode } from './model-node.js';
import { quote } from './quote.js';

/** Whether layers that differ between training and inference follow the file or are forced to one form. */
export interface ImportMode {
  /** Undefined means as each node of the file says. */
  readonly training: boolean | undefined;
  /** Random key of dropout, int32[2]. */
  readonly key: Node | undefined;
}

/** Mean and biased variance of every channel, [channels]. */
export interface Moments {
  readonly mean: Node;
  readonly variance: Node;
}

/** A list of tensors, whose length is known while importing. */
export class Sequence {
  readonly items: readonly Node[];

  constructor(items: readonly Node[]) {
    this.items = items;
  }
}

export type Value = Node | Sequence;

/** What the importer of one operator gets to see, besides the node itself. */
export interface OperationContext {
  readonly opset: number;
  readonly mode: ImportMode;
  readonly limits: OnnxLimits;
  /** Position of the node in the order of computation: a number that no other node has. */
  readonly serial: number;
  /** Values of the inputs; undefined where an optional input is left out. */
  readonly values: readonly (Value | undefined)[];
  /**
   * Reads a graph within the node.
   * @returns what gives its outputs for its inputs, once for each time it is carried out
   */
  readonly readBody: (body: GraphProto) => (args: readonly Value[]) => Value[];
  /** Counts the elements of a constant that is about to be computed. @throws LIMIT_EXCEEDED (foldedElements) */
  countFolded(elements: number): void;
  /**
   * Records that batch normalization works in training form.
   * @param batch what it computed of the mini-batch
   * @param next what that makes of the stored statistics, which are inputs 3 and 4
   */
  updateStatistics(batch: Moments, next: Moments): void;
}

/** One application of an ONNX operator, as its importer sees it. */
export class Operation {
  readonly attributes: Attributes;
  readonly node: ModelNode;
  readonly context: OperationContext;
  /** The inputs of the node itself, without those of graphs within it. */
  readonly values: readonly (Value | undefined)[];
  /** The same; a sequence counts as missing. */
  readonly inputs: readonly (Node | undefined)[];

  constructor(node: ModelNode, context: OperationContext) {
    const { values } = context;
    this.node = node;
    this.context = context;
    this.attributes = new Attributes(node);
    this.values = values.slice(0, values.length - node.captured);
    this.inputs = this.values.map((value) => (value instanceof Sequence ? undefined : value));
  }

  get opset(): number {
    return this.context.opset;
  }

  sequenceInput(index: number): readonly Node[] {
    const value = this.values[index];
    if (value instanceof Sequence) return value.items;
    throw this.invalid(`needs a sequence as input ${index}`);
  }

  /** The value of a required input. */
  input(index: number): Node {
    const value = this.inputs[index];
    if (value === undefined) throw this.invalid(`needs input ${index}, which is missing`);
    return value;
  }

  optionalInput(index: number): Node | undefined {
    return this.inputs[index];
  }

  /** Whether anything can read this output. */
  hasOutput(index: number): boolean {
    return (this.node.outputs[index] ?? '') !== '';
  }

  /** The elements of an input that must be known while importing, such as a shape. */
  constantInput(index: number): number[] {
    return this.#constant(this.input(index), index);
  }

  optionalConstantInput(index: number): number[] | undefined {
    const value = this.inputs[index];
    return value === undefined ? undefined : this.#constant(value, index);
  }

  /** The only element of an input that must be known while importing. */
  optionalScalarInput(index: number): number | undefined {
    const values = this.optionalConstantInput(index);
    if (values === undefined) return undefined;
    const [value] = values;
    if (value === undefined || values.length !== 1) throw this.invalid(`needs one number as input ${index}`);
    return value;
  }

  /** The list of `at(0)`, `at(1)`, ... as a constant. */
  sequence(length: number, at: (position: number) => number = (position) => position, dtype: DType = 'int64'): Node {
    if (!(Number.isSafeInteger(length) && length >= 0)) throw this.invalid(`needs a list of ${length} numbers`);
    this.context.countFolded(length);
    const values = new Float64Array(length);
    // A loop takes a twentieth of the time of Float64Array.from.
    for (let position = 0; position < length; position++) values[position] = at(position);
    return constant(values, [length], dtype);
  }

  #constant(value: Node, index: number): number[] {
    if (isOp(value, 'constant')) return Array.from(value.attributes.data);
    throw this.unsupported(
      `input ${index} (${quote(this.node.inputs[index])}) depends on the network's data or weights, but must be ` +
        'known when the graph is built; make it a constant in the export',
    );
  }

  /** The caller has to give something that the operator needs. */
  argument(problem: string): BilevelError {
    return new BilevelError('INVALID_ARGUMENT', `${this.node.label} ${problem}.`);
  }

  /** The file uses the operator in a way that is not supported. */
  unsupported(problem: string): BilevelError {
    return new BilevelError('UNSUPPORTED_OPERATOR', `${this.node.label} (opset ${this.opset}): ${problem}.`);
  }

  /** The shapes or dtypes that reach the operator do not fit. */
  mismatch(problem: string): BilevelError {
    return new BilevelError('SHAPE_MISMATCH', `${this.node.label} (opset ${this.opset}) ${problem}.`);
  }

  /** The file uses the operator in a way that ONNX does not allow. */
  invalid(problem: string): BilevelError {
    return new BilevelError('INVALID_FILE', `${this.node.label} (opset ${this.opset}) ${problem}.`);
  }
}

/** An integer constant, for shapes and indices. */
export function integers(values: readonly number[], shape: Shape = [values.length], dtype: DType = 'int64'): Node {
  return constant(values, shape, dtype);
}

/** What an importer gives: the outputs, or the only output. Outputs that nothing reads may be left out. */
export type ImportResult = Value | readonly (Value | undefined)[];

/** One row of the operator table. */
export interface OperatorImporter {
  /** Builds the operator's graph for any opset that the row covers. */
  readonly build: (operation: Operation) => ImportResult;
  /** The opset that introduced the operator, where that is after the oldest one that is known. */
  readonly since?: number;
  /** The last opset before the operator changed into something that is not understood, where it did. */
  readonly until?: number;
  /**
   * True when the result is piecewise constant or a shape, so that weights in front of it cannot be trained through it.
   */
  readonly constantAlmostEverywhere?: true;
  /**
   * Positions of inputs that must be known while importing, such as the scales of a resampling: no weights, whatever
   * their type.
   */
  readonly settings?: readonly number[];
}
