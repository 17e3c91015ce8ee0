// Every convex set. A new one is a file and a line here.

export { affine } from './affine.js';
export { box } from './box.js';
export { intersection } from './intersection.js';
export { l1Ball } from './l1-ball.js';
export { l2Ball } from './l2-ball.js';
export { linfBall } from './linf-ball.js';
export { rows } from './rows.js';
export { simplex } from './simplex.js';
