import { elementCount } from '../../tensor.js';
import { type StoredTensor, tensorValues } from '../file/stored-tensor.js';
import type { ModelGraph } from '../model-graph.js';
import type { ModelNode } from '../model-node.js';
import { isSilent } from '../origins.js';
import { isInitialState, type Use } from '../uses.js';

/** Why a tensor is taken for a constant, of which its file says nothing. */
export interface Guess {
  /** As in "an exponent". */
  readonly reason: string;
  /** Whether no module could have a parameter there. */
  readonly certain: boolean;
}

/** Names that modules give to what they train. */
const parameterName = /(?:weight|bias|gamma|beta|kernel|scale)(?:_\w+)?$/i;

/** Names that exporters give to what they computed. */
export function isGenerated(name: string): boolean {
  return name.startsWith('onnx::') || /^val_\d+$/.test(name);
}

/** Judges tensors by what they are used as; a doubt is decided for a parameter. */
export function findGuesses(graph: ModelGraph): (tensor: StoredTensor, places: readonly Use[]) => Guess | undefined {
  const producers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const readers = new Map<string, ModelNode[]>();
  for (const node of graph.nodes) {
    for (const name of node.inputs) {
      const known = readers.get(name);
      if (known === undefined) readers.set(name, [node]);
      else known.push(node);
    }
  }
  const shifted = findShiftedInputs(graph);

  function isGroupNormConstant({ node, input }: Use, values: Float64Array): boolean {
    return (
      node.opType === 'InstanceNormalization' &&
      producers.get(node.inputs[0] ?? '')?.opType === 'Reshape' &&
      (readers.get(node.outputs[0] ?? '') ?? []).every(({ opType }) => opType === 'Reshape' || opType === 'Shape') &&
      values.every((value) => value === (input === 1 ? 1 : 0))
    );
  }

  function isEpsilon({ node }: Use): boolean {
    const next = readers.get(node.outputs[0] ?? '') ?? [];
    return (
      node.opType === 'Add' && next.some(({ opType }) => ['Sqrt', 'Pow', 'Log', 'Div', 'Reciprocal'].includes(opType))
    );
  }

  return (tensor, places) => {
    const { name, shape } = tensor;
    const count = elementCount(shape);
    if (places.length === 0 || count === 0) return undefined;
    const all = (rule: (use: Use) => boolean): boolean => places.every(rule);
    const certain = isGenerated(name) && count === 1;
    if (certain) return { reason: 'a number of the graph', certain };
    const values = tensorValues(tensor);
    if (all((use) => isGroupNormConstant(use, values)))
      return { reason: 'part of a group normalization', certain: true };
    if (isGenerated(name) && all(isInitialState) && values.every((value) => value === 0))
      return { reason: 'a state that a recurrent layer begins with', certain: true };
    if (parameterName.test(name.slice(-100))) return undefined;
    if (all(({ node, input }) => node.opType === 'Pow' && input === 1)) return { reason: 'an exponent', certain };
    if (count === 1 && Math.abs(values[0] ?? 0) <= 1e-3 && values[0] !== 0 && all(isEpsilon))
      return { reason: 'a number that avoids a division by zero', certain };
    if (shape.length === 0 && isSilent(graph.origins.exporter)) return { reason: 'a number without axes', certain };
    const isMatrix = isMask(values, shape) && all(({ node }) => isElementwise(node) || node.opType === 'MatMul');
    if (isMatrix) return { reason: 'a mask or a matrix of zeros and ones', certain };
    if (!all(({ node }) => isElementwise(node))) return undefined;
    if (all(({ node, input }) => input === 1 && /^(?:Sub|Div)$/.test(node.opType) && shifted.has(node.inputs[0] ?? '')))
      return { reason: 'a mean or deviation of the input', certain };
    if (isSinusoidal(values, shape)) return { reason: 'a table of sines and cosines', certain };
    return undefined;
  };
}

function isElementwise({ opType }: ModelNode): boolean {
  return ['Add', 'Sub', 'Mul', 'Div', 'Where', 'Slice', 'Gather', 'Cast', 'Unsqueeze', 'Expand'].includes(opType);
}

/** Only zeros and what softmax makes zero of, or a matrix of zeros and ones; both must occur. */
function isMask(values: Float64Array, shape: readonly number[]): boolean {
  const other = values.find((value) => value !== 0);
  const isMatrix = shape.filter((size) => size > 1).length > 1;
  if (other === undefined || !values.includes(0) || (other > -1e4 && !(other === 1 && isMatrix))) return false;
  return values.every((value) => value === 0 || value === other);
}

/** Each row holds as many sines as cosines of the same angles, so that its squares add up to half its length. */
function isSinusoidal(values: Float64Array, shape: readonly number[]): boolean {
  const length = shape.at(-1) ?? 1;
  if (length < 4 || length % 2 === 1 || values.length < 2 * length) return false;
  for (let begin = 0; begin < values.length; begin += length) {
    let squares = 0;
    for (let index = begin; index < begin + length; index++) squares += (values[index] ?? 0) ** 2;
    if (Math.abs(squares - length / 2) > 1e-4 * length) return false;
  }
  return true;
}

/** Values that are the network's inputs but for shifts and scales by stored tensors. */
function findShiftedInputs(graph: ModelGraph): ReadonlySet<string> {
  const shifted = new Set(graph.inputs.map(({ name }) => name));
  for (const { opType, inputs, outputs } of graph.nodes) {
    const [first = '', second = ''] = inputs;
    const shift = ['Sub', 'Div'].includes(opType) && graph.initializers.has(second);
    if (shifted.has(first) && (shift || opType === 'Cast')) shifted.add(outputs[0] ?? '');
  }
  return shifted;
}
