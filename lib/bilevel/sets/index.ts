export * from './all.js';
/** Every convex set by name. */
export * as sets from './all.js';
export type { BallOptions, CenterOptions } from './ball.js';
export { endAt } from './box.js';
export type { IntersectionOptions } from './intersection.js';
export type { L2BallOptions } from './l2-ball.js';
export { type ConvexSet, checkSet, type End } from './set.js';
