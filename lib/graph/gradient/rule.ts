import type { Node } from '../node.js';

/**
 * The reverse rule of a primitive: given the node and the gradient with respect to its value, the gradient with respect
 * to each input, built from primitives. `wanted[i]` is false when input i leads to no variable; its entry may then be
 * undefined.
 */
export type Rule<A> = (
  node: Node & { readonly attributes: A },
  outputGradient: Node,
  wanted: readonly boolean[],
) => readonly (Node | undefined)[];
