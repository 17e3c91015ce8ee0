import type { ProgramSpec } from '../../../lib/compile/index.js';
import { Random } from '../../../lib/data/random.js';
import * as g from '../../../lib/graph/index.js';
import { elementCount } from '../../../lib/tensor.js';
import { randomProgram } from './random-programs.js';

/** A program to check, with the elements of every tensor that it reads. */
export interface ProgramCase {
  readonly name: string;
  readonly spec: ProgramSpec;
  readonly inputs: ReadonlyMap<g.Node, Float64Array>;
}

/** Inputs with reproducible elements, so that every case is the same in every run. */
export class ProgramInputs {
  readonly feeds = new Map<g.Node, Float64Array>();
  private readonly random = Random.fromSeed(7, 'program cases');

  real(name: string, shape: readonly number[], low = -1, high = 1): g.Node {
    return this.add(g.input(name, shape), () => low + (high - low) * this.random.uniform());
  }

  index(name: string, shape: readonly number[], size: number, dtype: 'int32' | 'int64' = 'int32'): g.Node {
    return this.add(g.input(name, shape, dtype), () => this.random.integer(size));
  }

  private add(node: g.Node, draw: () => number): g.Node {
    this.feeds.set(
      node,
      Float64Array.from({ length: elementCount(node.shape) }, () => Math.fround(draw())),
    );
    return node;
  }
}

/** The penalty method's lower step on a small classifier given by its logits: every kind of program in one. */
function penaltyStep(
  name: string,
  x: readonly number[],
  parameters: (inputs: ProgramInputs) => Record<string, g.Node>,
  logits: (x: g.Node, v: Record<string, g.Node>) => g.Node,
): ProgramCase {
  const inputs = new ProgramInputs();
  const [samples, batch] = [9, 5];
  const xs = inputs.real('x', [samples, ...x]);
  const ys = inputs.index('y', [samples], 3, 'int64');
  const index = inputs.index('index', [batch], samples);
  const xVal = inputs.real('xVal', [batch, ...x]);
  const yVal = inputs.index('yVal', [batch], 3, 'int64');
  const u = inputs.real('u', [samples]);
  const gamma = inputs.real('gamma', [], 0.1, 1);
  const v = parameters(inputs);
  const vs = Object.values(v);
  const nus = vs.map((p, i) => inputs.real(`nu${i}`, p.shape));
  const moments = vs.map((p, i) => inputs.real(`m${i}`, p.shape, 0, 1));
  const weights = g.sigmoid(g.gather(u, index));
  const losses = g.crossEntropy(logits(g.gather(xs, index), v), g.gather(ys, index));
  const lower = g.div(g.reduceSum(g.mul(weights, losses)), g.reduceSum(weights));
  const upper = g.mean(g.crossEntropy(logits(xVal, v), yVal));
  const lowerGradients = g.gradient(lower, vs);
  const w = lowerGradients.map((d, i) => g.stopGradient(g.add(g.mul(gamma, d), nus[i] as g.Node)));
  const total = g.add(g.add(upper, g.inner(lowerGradients, w)), g.mul(0.01, lower));
  const gradients = g.gradient(total, [...vs, u]);
  const newMoments = moments.map((m, i) => g.add(g.mul(0.9, m), g.mul(0.1, g.square(gradients[i] as g.Node))));
  const updates = [
    ...vs.map((p, i): [g.Node, g.Node] => {
      const scaled = g.div(gradients[i] as g.Node, g.add(g.sqrt(newMoments[i] as g.Node), 1e-3));
      return [p, g.sub(p, g.mul(0.05, scaled))];
    }),
    ...moments.map((m, i): [g.Node, g.Node] => [m, newMoments[i] as g.Node]),
  ];
  const norm = g.sqrt(g.sumOfSquares(lowerGradients));
  return {
    name,
    spec: { outputs: { g: lower, gradU: gradients.at(-1) as g.Node }, perStepOutputs: { f: upper, norm }, updates },
    inputs: inputs.feeds,
  };
}

export function programCases(): ProgramCase[] {
  const softmaxRegression = penaltyStep(
    'softmax regression',
    [4],
    (inputs) => ({ weight: inputs.real('weight', [3, 4]), bias: inputs.real('bias', [3]) }),
    (x, { weight, bias }) => g.add(g.matmul(x, weight as g.Node, { transposeB: true }), bias as g.Node),
  );
  const mlp = penaltyStep(
    'tanh network with layer norm and dropout',
    [2, 3],
    (inputs) => ({
      w1: inputs.real('w1', [6, 5]),
      b1: inputs.real('b1', [5]),
      scale: inputs.real('scale', [5], 0.5, 1.5),
      w2: inputs.real('w2', [5, 3]),
    }),
    (x, { w1, b1, scale, w2 }) => {
      const hidden = g.tanh(g.add(g.matmul(g.reshape(x, [x.shape[0] as number, 6]), w1 as g.Node), b1 as g.Node));
      const normal = g.layerNorm(hidden, -1, scale as g.Node);
      return g.matmul(g.dropout(normal, 0.4, g.constant([3, 4], [2], 'int32')), w2 as g.Node);
    },
  );
  const convolutional = penaltyStep(
    'convolutional network with batch norm and max pooling',
    [2, 6, 6],
    (inputs) => ({
      k1: inputs.real('k1', [4, 1, 3, 3]),
      b1: inputs.real('b1', [4]),
      scale: inputs.real('scale', [4], 0.5, 1.5),
      shift: inputs.real('shift', [4]),
      w: inputs.real('w', [16, 3]),
    }),
    (x, { k1, b1, scale, shift, w }) => {
      const convolved = g.conv(x, k1 as g.Node, {
        padding: [
          [1, 1],
          [0, 2],
        ],
        groups: 2,
      });
      const biased = g.add(convolved, g.reshape(b1 as g.Node, [1, 4, 1, 1]));
      const { output } = g.batchNormTrain(biased, scale as g.Node, shift as g.Node);
      const pooled = g.maxPool(g.relu(output), { kernel: [3, 3], strides: [2, 2] });
      const averaged = g.averagePool(pooled, { kernel: [1, 1], strides: [1, 1] });
      return g.matmul(g.reshape(averaged, [x.shape[0] as number, 16]), w as g.Node);
    },
  );
  const random = Array.from({ length: 12 }, (_, seed) => randomProgram(seed));
  return [softmaxRegression, mlp, convolutional, movement(), swap(), hoisted(), ...random];
}

/** Shape operations that end in copies, and results that are views, constants and inputs. */
function movement(): ProgramCase {
  const inputs = new ProgramInputs();
  const a = inputs.real('a', [2, 3, 4]);
  const b = inputs.real('b', [3, 5]);
  const moved = g.transpose(a, [2, 0, 1]);
  const flat = g.reshape(moved, [8, 3]);
  const cut = g.slice(g.exp(flat), { starts: [1, 0], limits: [8, 3], strides: [2, 2] });
  const padded = g.pad(cut, { low: [1, 0], high: [0, 2], interior: [1, 0] });
  const joined = g.concat([padded, g.zeros([8, 4]), padded], 1);
  const product = g.matmul(g.slice(flat, { starts: [2, 0], limits: [6, 3] }), b);
  const rows = g.setRows(b, g.constant([2, 0], [2], 'int64'), g.broadcastTo(g.reduceMax(a), [2, 5]));
  return {
    name: 'shape operations',
    spec: {
      outputs: {
        moved,
        flat,
        cut,
        padded,
        joined,
        product,
        rows,
        same: a,
        fixed: g.constant([1, 2, 3]),
        spread: g.broadcastTo(g.reduceSum(b, [1]), [2, 3]),
        twice: g.gather(g.transpose(b), g.constant([4, 4, 0], [3], 'int32')),
        again: product,
        most: g.argMax(flat, 1),
        random: g.randomUniform(g.constant([1, 2], [2], 'int32'), [7]),
      },
    },
    inputs: inputs.feeds,
  };
}

/** Inputs that trade places, and one that is shifted along itself: nothing may be overwritten before it is read. */
function swap(): ProgramCase {
  const inputs = new ProgramInputs();
  const [a, b, c] = [inputs.real('a', [4]), inputs.real('b', [4]), inputs.real('c', [4])];
  const shifted = g.concat([g.slice(c, { starts: [1], limits: [4] }), g.slice(c, { starts: [0], limits: [1] })], 0);
  const next = g.add(g.mul(2, c), g.reduceSum(c));
  return {
    name: 'swapped inputs',
    spec: {
      updates: [
        [a, b],
        [b, a],
        [c, g.add(shifted, next)],
      ],
      perStepOutputs: { first: g.slice(c, { starts: [0], limits: [1] }), a2: g.mul(a, a) },
    },
    inputs: inputs.feeds,
  };
}

/** Results of work that is done once per run, which every step reads again, also as an output per step. */
function hoisted(): ProgramCase {
  const inputs = new ProgramInputs();
  const [fixed, state] = [inputs.real('fixed', [3, 4]), inputs.real('state', [3, 4])];
  const once = g.exp(fixed);
  const rows = g.reduceSum(once, [1]);
  const next = g.add(g.mul(state, 0.5), once);
  return {
    name: 'results computed once',
    spec: {
      outputs: { once, rows },
      perStepOutputs: { each: rows, total: g.reduceSum(next) },
      updates: [[state, next]],
    },
    inputs: inputs.feeds,
  };
}
