import { affine } from './affine.js';
import { box } from './box.js';
import { l1Ball } from './l1-ball.js';
import { l2Ball } from './l2-ball.js';
import { linfBall } from './linf-ball.js';
import { rows } from './rows.js';
import { simplex } from './simplex.js';

export type { BallOptions } from './ball.js';
export type { L2BallOptions } from './l2-ball.js';
export { type ConvexSet, checkSet } from './set.js';
export { affine, box, l1Ball, l2Ball, linfBall, rows, simplex };

/** Every set by name. A new one is a file and a line here. */
export const sets = { affine, box, l1Ball, l2Ball, linfBall, rows, simplex } as const;
