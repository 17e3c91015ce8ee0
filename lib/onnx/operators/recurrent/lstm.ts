import type { Node } from '../../../graph/index.js';
import * as g from '../../../graph/index.js';
import type { ImportResult, Operation } from '../../operation.js';
import { activate, type Direction, part, type State, unroll } from './unroll.js';

/** Gates i, o and f, then new content; peepholes let gates see the memory, weight by weight. */
function start(direction: Direction, coupled: boolean) {
  const { recurrent, peepholes } = direction;
  const windows = [0, 1, 2].map((gate) => peepholes && part(peepholes, gate, 3));
  const gate = (sum: Node, index: number, seen: Node): Node => {
    const [own, window] = [part(sum, index, 4), windows[index]];
    return activate(direction, 0, window === undefined ? own : g.add(own, g.mul(seen, window)));
  };
  return (share: Node, before: State): State => {
    const sum = g.add(share, g.matmul(before.hidden, recurrent, { transposeB: true }));
    const input = gate(sum, 0, before.memory);
    const forget = coupled ? g.sub(1, input) : gate(sum, 2, before.memory);
    const content = activate(direction, 1, part(sum, 3, 4));
    const memory = g.add(g.mul(forget, before.memory), g.mul(input, content));
    const hidden = g.mul(gate(sum, 1, memory), activate(direction, 2, memory));
    return { hidden, memory };
  };
}

/**
 * Long short-term memory (Hochreiter and Schmidhuber, 1997; forget gates and peepholes: Gers et al., 2000 and 2002).
 * With `input_forget` it forgets as much as it takes in.
 */
export function lstm(op: Operation): ImportResult {
  const coupled = op.attributes.flag('input_forget');
  return unroll(op, {
    gates: 4,
    activations: ['Sigmoid', 'Tanh', 'Tanh'],
    memory: 6,
    peepholes: 7,
    start: (direction) => start(direction, coupled),
  });
}
