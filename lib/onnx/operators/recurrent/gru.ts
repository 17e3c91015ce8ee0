import type { Node } from '../../../graph/index.js';
import * as g from '../../../graph/index.js';
import type { ImportResult, Operation } from '../../operation.js';
import { activate, type Direction, part, type State, unroll } from './unroll.js';

type Step = (share: Node, state: State) => State;

function times(x: Node, weights: Node): Node {
  return g.matmul(x, weights, { transposeB: true });
}

/** The state moves towards the new content as far as the update gate is closed. */
function blend(update: Node, content: Node, before: Node): State {
  const hidden = g.add(g.mul(g.sub(1, update), content), g.mul(update, before));
  return { hidden, memory: hidden };
}

/** The reset gate works on the state before its product with the weights. */
function resetFirst(direction: Direction): Step {
  const { recurrent } = direction;
  const hidden = recurrent.shape[1] ?? 0;
  const ofGates = g.slice(recurrent, { starts: [0, 0], limits: [2 * hidden, hidden] });
  const ofContent = g.slice(recurrent, { starts: [2 * hidden, 0], limits: [3 * hidden, hidden] });
  return (share, { hidden: before }) => {
    const sum = g.add(part(share, 0, 3, 2), times(before, ofGates));
    const [update, reset] = [activate(direction, 0, part(sum, 0, 2)), activate(direction, 0, part(sum, 1, 2))];
    const content = activate(direction, 1, g.add(part(share, 2, 3), times(g.mul(reset, before), ofContent)));
    return blend(update, content, before);
  };
}

/** The reset gate works on the product, and on its bias. */
function resetLast(direction: Direction): Step {
  const { recurrent, bias } = direction;
  return (share, { hidden: before }) => {
    const product = times(before, recurrent);
    const gate = (index: number): Node => activate(direction, 0, g.add(part(share, index, 3), part(product, index, 3)));
    const [update, reset, own] = [gate(0), gate(1), part(product, 2, 3)];
    const ofState = g.mul(reset, bias === undefined ? own : g.add(own, bias));
    return blend(update, activate(direction, 1, g.add(part(share, 2, 3), ofState)), before);
  };
}

/**
 * Gated recurrent units (Cho et al., 2014): gates z and r, then new content. `linear_before_reset` is the form of
 * PyTorch and cuDNN.
 */
export function gru(op: Operation): ImportResult {
  const linear = op.attributes.flag('linear_before_reset');
  const splitBias = (bias: Node): { before: Node; inside: Node } => {
    const inside = part(bias, 2, 3);
    return { before: g.concat([part(bias, 0, 3, 2), g.zeros(inside.shape)], 0), inside };
  };
  const form = linear ? { start: resetLast, splitBias } : { start: resetFirst };
  return unroll(op, { gates: 3, activations: ['Sigmoid', 'Tanh'], ...form }).slice(0, 2);
}
