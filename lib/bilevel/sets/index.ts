import { affine } from './affine.js';
import { box, endAt } from './box.js';
import { intersection } from './intersection.js';
import { l1Ball } from './l1-ball.js';
import { l2Ball } from './l2-ball.js';
import { linfBall } from './linf-ball.js';
import { rows } from './rows.js';
import { simplex } from './simplex.js';

export type { BallOptions, CenterOptions } from './ball.js';
export type { IntersectionOptions } from './intersection.js';
export type { L2BallOptions } from './l2-ball.js';
export { type ConvexSet, checkSet, type End } from './set.js';
export { affine, box, endAt, intersection, l1Ball, l2Ball, linfBall, rows, simplex };

/** Every set by name. A new one is a file and a line here. */
export const sets = { affine, box, intersection, l1Ball, l2Ball, linfBall, rows, simplex } as const;
