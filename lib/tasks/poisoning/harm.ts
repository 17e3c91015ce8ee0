import { evaluate, respond } from '../../solvers/index.js';
import type { Resources } from '../../study/index.js';
import { Tensor } from '../../tensor.js';
import { type Attack, beginAttack } from './attack.js';
import type { PoisoningInputs } from './data.js';
import { poisoningProblem } from './problem.js';
import type { PoisoningSettings } from './settings.js';

type Tensors = Readonly<Record<string, Tensor>>;

/**
 * What each poison point does by itself: how much f(u, v*) rises when it is left out and a network is trained on the
 * others, from where the network of all stands. Positive for points that serve the attack.
 * @param u of all points
 * @param v the network that was trained on them
 * @param f the cost of the attack there
 */
export async function harmsOf(
  { points }: Attack,
  u: Tensor<'float32'>,
  { v, f }: { readonly v: Tensors; readonly f: number },
  inputs: PoisoningInputs,
  settings: PoisoningSettings,
  { device, signal, report }: Pick<Resources, 'device' | 'signal' | 'report'>,
): Promise<number[]> {
  const count = points.labels.size;
  const harms: number[] = [];
  for (let point = 0; point < count; point++) {
    const others = without(point, points.inputs, points.labels);
    const [problem, poison] =
      count === 1
        ? alone(inputs, settings)
        : [poisoningProblem(inputs, others, settings), without(point, u, points.labels).inputs];
    const found = await respond(problem, { poison }, { start: v, device, signal });
    const left = await evaluate(problem, { u: { poison }, v: found.v }, { device, signal });
    harms.push(left.f - f);
    report('Leaving points out', point + 1, count);
  }
  return harms;
}

/** The problem without any poison. */
function alone(inputs: PoisoningInputs, settings: PoisoningSettings) {
  const { problem, points } = beginAttack('none', 1, inputs, settings);
  return [problem, inputs.box.toUnit(points.inputs)] as const;
}

/** All rows but one. */
function without(row: number, rows: Tensor<'float32'>, labels: Tensor<'int64'>) {
  const size = rows.size / labels.size;
  const data = Float32Array.from([...rows.data.subarray(0, row * size), ...rows.data.subarray((row + 1) * size)]);
  const others = labels.toArray().filter((_, at) => at !== row);
  return {
    inputs: Tensor.from(data, [others.length, ...rows.shape.slice(1)]),
    labels: Tensor.from(others, [others.length], 'int64'),
  };
}
