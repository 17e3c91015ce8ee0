import type { Node } from '../../../graph/index.js';
import * as g from '../../../graph/index.js';
import { checkLimit } from '../../file/limits.js';
import type { Operation } from '../../operation.js';
import { type Activation, readActivations } from './activations.js';

/** What a cell works with in one direction. */
export interface Direction {
  /** The weights of the state, [gates hidden, hidden]. */
  readonly recurrent: Node;
  /** What of the bias is not in the input's share already. */
  readonly bias: Node | undefined;
  readonly peepholes: Node | undefined;
  readonly activations: readonly Activation[];
}

export function activate({ activations }: Direction, index: number, x: Node): Node {
  return activations[index]?.(x) ?? x;
}

/** What a cell carries from step to step, [batch, hidden] each. */
export interface State {
  readonly hidden: Node;
  /** The hidden state itself in cells that carry nothing else. */
  readonly memory: Node;
}

/** One kind of recurrent cell. */
export interface Cell {
  readonly gates: number;
  /** Names of the activations that are used unless the file says otherwise. */
  readonly activations: readonly string[];
  /** Input position of the initial memory, where the cell has one. */
  readonly memory?: number;
  /** Input position of peephole weights. */
  readonly peepholes?: number;
  /** Of the bias for the state, the part that belongs to its product alone, and the rest, which is added beforehand. */
  readonly splitBias?: (bias: Node) => { readonly before: Node; readonly inside: Node };
  /**
   * Makes what gives the state after one step.
   * @returns a function of what the input gives to each gate, [batch, gates hidden], and of the state before
   */
  readonly start: (direction: Direction) => (share: Node, state: State) => State;
}

/** Part `index` of `count` equal parts of the last axis. */
export function part(x: Node, index: number, count: number, width = 1): Node {
  const last = x.shape.length - 1;
  const size = (x.shape[last] ?? 0) / count;
  const none = x.shape.map(() => 0);
  return g.slice(x, { starts: none.with(last, index * size), limits: x.shape.with(last, (index + width) * size) });
}

/** Entry `index` of the first axis, which is removed. */
function entry(x: Node, index: number): Node {
  const none = x.shape.map(() => 0);
  const one = g.slice(x, { starts: none.with(0, index), limits: x.shape.with(0, index + 1) });
  return g.reshape(one, x.shape.slice(1));
}

/**
 * The graph of a step has about this many operations for each gate; a limit is checked before steps are written out.
 */
const operationsPerGate = 3;

/**
 * A recurrent layer of ONNX: one cell along time, in one or both directions. Steps are written out one after the other,
 * as many as the sequence is long. What the input gives to the gates is one product for all steps.
 * @returns all outputs [time, directions, batch, hidden], then the last hidden state and memory [directions, batch,
 *   hidden]
 */
export function unroll(op: Operation, cell: Cell): Node[] {
  const { attributes } = op;
  const direction = attributes.word('direction', ['forward', 'reverse', 'bidirectional'], 'forward');
  const batchFirst = attributes.flag('layout');
  const x = batchFirst ? g.transpose(op.input(0), [1, 0, 2]) : op.input(0);
  const [steps = 0, batch = 0] = x.shape;
  const [weights, recurrent] = [op.input(1), op.input(2)];
  const directions = direction === 'bidirectional' ? 2 : 1;
  const hidden = recurrent.shape[2] ?? 0;
  checkWeights(op, cell, directions, hidden);
  const what = `The number of operations of ${op.node.label}, which is written out for ${steps} steps,`;
  checkLimit(op.context.limits, 'operations', steps * directions * cell.gates * operationsPerGate, what);

  const activations = readActivations(op, cell.activations, directions);
  const rows = g.reshape(x, [steps * batch, x.shape[2] ?? 0]);
  const results = activations.map((functions, index) => {
    const { before, inside } = biases(op, cell, index);
    const product = g.matmul(rows, entry(weights, index), { transposeB: true });
    const peepholes = cell.peepholes === undefined ? undefined : op.optionalInput(cell.peepholes);
    const initial = (position: number): Node => {
      const states = op.optionalInput(position);
      if (states === undefined) return g.zeros([batch, hidden]);
      return entry(batchFirst ? g.transpose(states, [1, 0, 2]) : states, index);
    };
    const state = initial(5);
    return runSteps(op, cell, {
      shares: before === undefined ? product : g.add(product, before),
      steps,
      backwards: direction === 'reverse' || index === 1,
      initial: { hidden: state, memory: cell.memory === undefined ? state : initial(cell.memory) },
      direction: {
        recurrent: entry(recurrent, index),
        bias: inside,
        peepholes: peepholes && entry(peepholes, index),
        activations: functions,
      },
    });
  });
  const outputs = g.concat(
    results.map((result) => g.reshape(result.outputs, [steps, 1, batch, hidden])),
    1,
  );
  const last = (['hidden', 'memory'] as const).map((name) =>
    g.concat(
      results.map(({ state }) => g.expandDims(state[name], [0])),
      0,
    ),
  );
  if (!batchFirst) return [outputs, ...last];
  return [g.transpose(outputs, [2, 0, 1, 3]), ...last.map((states) => g.transpose(states, [1, 0, 2]))];
}

function checkWeights(op: Operation, { gates }: Cell, directions: number, hidden: number): void {
  const [weights, recurrent] = [op.input(1), op.input(2)];
  op.attributes.ignore('hidden_size');
  const fits = [weights, recurrent].every(
    ({ shape }) => shape.length === 3 && shape[0] === directions && shape[1] === gates * hidden,
  );
  if (fits) return;
  throw op.mismatch(
    `needs weights of ${directions} direction(s) with ${gates} gates of equal size, not [${weights.shape.join(', ')}] and ` +
      `[${recurrent.shape.join(', ')}]`,
  );
}

function biases(op: Operation, { splitBias }: Cell, index: number): { before?: Node; inside?: Node } {
  const both = op.optionalInput(3);
  if (both === undefined) return {};
  const row = entry(both, index);
  const [ofInput, ofState] = [part(row, 0, 2), part(row, 1, 2)];
  if (splitBias === undefined) return { before: g.add(ofInput, ofState) };
  const { before, inside } = splitBias(ofState);
  return { before: g.add(ofInput, before), inside };
}

interface Run {
  /** What the input gives to the gates, step after step, [steps batch, gates hidden]. */
  readonly shares: Node;
  readonly steps: number;
  readonly backwards: boolean;
  readonly initial: State;
  readonly direction: Direction;
}

/** All outputs, [steps batch, hidden] in the order of time, and the last state. */
function runSteps(op: Operation, cell: Cell, run: Run): { readonly outputs: Node; readonly state: State } {
  const { shares, steps, backwards, initial, direction } = run;
  const [batch = 0, hidden = 0] = initial.hidden.shape;
  const next = cell.start(direction);
  const outputs: Node[] = [];
  let state = initial;
  for (let step = 0; step < steps; step++) {
    const time = backwards ? steps - 1 - step : step;
    const limits = [(time + 1) * batch, shares.shape[1] ?? 0];
    const after = next(g.slice(shares, { starts: [time * batch, 0], limits }), state);
    const lasting = stillRuns(op, time);
    const keep = (one: Node, other: g.Operand): Node => (lasting === undefined ? one : g.where(lasting, one, other));
    outputs[time] = keep(after.hidden, 0);
    state = { hidden: keep(after.hidden, state.hidden), memory: keep(after.memory, state.memory) };
  }
  return { outputs: steps === 0 ? g.zeros([0, hidden]) : g.concat(outputs, 0), state };
}

/**
 * Whether each sequence of the batch is longer than `time`, bool [batch, 1]: where it has ended, the states stay as
 * they are and outputs are 0, so that backwards it begins with its own last step. Undefined where all go on.
 */
function stillRuns(op: Operation, time: number): Node | undefined {
  const lengths = op.optionalInput(4);
  if (
    lengths === undefined ||
    (g.isOp(lengths, 'constant') && lengths.attributes.data.every((length) => length > time))
  )
    return undefined;
  return g.expandDims(g.greater(lengths, time), [1]);
}
