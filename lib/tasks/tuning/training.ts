import type { AnyPoint, BilevelProblem } from '../../bilevel/index.js';
import type { Node } from '../../graph/index.js';
import { adapt, evaluate, type ResponseStatus, respond } from '../../solvers/index.js';
import type { Resources } from '../../study/index.js';
import { Tensor } from '../../tensor.js';
import type { Facts } from './hyperparameters.js';
import { atOffsets, stepOfOffsets } from './offsets.js';

type Tensors = Readonly<Record<string, Tensor>>;
type On = Pick<Resources, 'device' | 'signal'>;

/** What a training has come to. */
export interface Trained {
  /** The lower variables. */
  readonly v: Tensors;
  /** Those of the network. */
  readonly parameters: Tensors;
  readonly status: ResponseStatus;
  /** f(u, v) */
  readonly f: number;
}

/** A training until the gradient of g vanishes, or for so many steps. @throws as `respond` */
export async function trainToOptimum(
  problem: BilevelProblem,
  u: Tensors,
  { tolerance, maxSteps, ...on }: On & { readonly tolerance: number; readonly maxSteps: number },
): Promise<Trained> {
  const { v, status } = await respond(problem, u, { tolerance, maxSteps, ...on });
  const { f } = await evaluate(problem, { u, v }, on);
  return { v, parameters: v, status, f };
}

/** A training of so many plain steps, of a problem in offsets. @throws as `adapt` */
export async function trainBySteps(
  problem: BilevelProblem,
  u: Tensors,
  { steps, ...on }: On & { readonly steps: number },
  facts: Facts,
): Promise<Trained> {
  const names = Object.keys(facts.parameters);
  let nodes: Readonly<Record<string, Node>> | undefined;
  const at = (point: AnyPoint, name: string): Node => {
    nodes ??= atOffsets(point.v, { ...point.u }, facts);
    return nodes[name] as Node;
  };
  const metrics = Object.fromEntries(names.map((name) => [name, (point: AnyPoint) => at(point, name)]));
  const { v, f, metrics: found } = await adapt(problem, u, { steps, learningRate: stepOfOffsets, metrics, ...on });
  const ofOnlyBatch = (name: string): Tensor => {
    const { data, shape } = found[name] as Tensor<'float32'>;
    return Tensor.from(data, shape.slice(1));
  };
  const parameters = Object.fromEntries(names.map((name) => [name, ofOnlyBatch(name)]));
  return { v, parameters, status: 'steps', f: f[0] ?? Number.NaN };
}
