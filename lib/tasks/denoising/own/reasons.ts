import { compileCached, optionsFor } from '../../../compile/index.js';
import type { SampleInputs } from '../../../data/labelled-samples.js';
import type { TableEncoding } from '../../../data/tables/encoding.js';
import { bindTensors, type Device } from '../../../engine/index.js';
import { gradient, input, mul, reduceSum } from '../../../graph/index.js';
import type { Parameters } from '../../../network/classifier.js';
import type { Network } from '../../../onnx/index.js';
import { Tensor } from '../../../tensor.js';

/** A column that speaks for the suggested label, and how strongly: its part of the difference of both logits. */
export interface Reason {
  readonly column: string;
  readonly strength: number;
}

/** Columns that are told of a sample. */
const mostReasons = 3;

/**
 * What of a row speaks against its label: input times the derivative of the suggested class's logit less the given
 * one's, summed over the inputs of a column. Of a linear network these terms, with the difference of the biases, add up
 * to the difference of the logits.
 * @param samples numbers of rows, at least one
 * @returns for each of them the columns that speak most for the suggested label, the strongest first
 */
export async function findReasons(
  {
    network,
    parameters,
    device,
  }: { readonly network: Network; readonly parameters: Parameters; readonly device: Device },
  inputs: SampleInputs & Tensor<'float32'>,
  { columns }: TableEncoding,
  labels: { readonly given: ArrayLike<number | bigint>; readonly suggested: ArrayLike<number> },
  classes: number,
  samples: readonly number[],
): Promise<Reason[][]> {
  const [, ...sizes] = inputs.shape;
  const width = sizes.reduce((product, size) => product * size, 1);
  const x = Tensor.zeros([samples.length, ...sizes]);
  const signs = Tensor.zeros([samples.length, classes]);
  for (const [index, sample] of samples.entries()) {
    x.data.set(inputs.data.subarray(sample * width, (sample + 1) * width), index * width);
    signs.data[index * classes + Number(labels.given[sample])] = -1;
    signs.data[index * classes + Number(labels.suggested[sample])] = 1;
  }
  const rows = input('x', x.shape);
  const chosen = input('signs', signs.shape);
  const nodes = Object.entries(parameters).map(([name, tensor]) => [name, input(`v/${name}`, tensor.shape)] as const);
  const logits = network.apply(rows, Object.fromEntries(nodes), { training: false });
  const [derivative] = gradient(reduceSum(mul(logits, chosen)), [rows]);
  if (derivative === undefined) throw new RangeError('The network has no derivative by its inputs.');
  const compiled = compileCached({ outputs: { terms: mul(rows, derivative) } }, optionsFor(device));
  using program = device.load(compiled);
  const terms = Tensor.zeros(x.shape);
  const all: Record<string, Tensor> = { x, signs, terms };
  for (const [name, tensor] of Object.entries(parameters)) all[`v/${name}`] = tensor;
  await program.run(bindTensors(compiled, all));
  return samples.map((_, index) => {
    let first = index * width;
    const reasons = columns.map((each) => {
      const length = each.kind === 'number' ? 1 : each.categories.length;
      const strength = terms.data.subarray(first, first + length).reduce((sum, term) => sum + term, 0);
      first += length;
      return { column: each.column, strength };
    });
    const speaking = reasons.filter(({ strength }) => strength > 0);
    return speaking.toSorted((a, b) => b.strength - a.strength).slice(0, mostReasons);
  });
}
