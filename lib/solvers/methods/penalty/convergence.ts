/** What a test looks at, in one trial. */
export interface Residuals {
  /** |grad_u f~1|^2 and |grad_v f~2|^2 */
  readonly upper: number;
  readonly lower: number;
  /** |grad_v f~2| / |grad_v f| */
  readonly lag: number;
}

/**
 * Whether the residuals of the penalty function are within the tolerance. `norms` is the printed test; the authors'
 * code squares the squared norms once more. `relative` asks of v alone how well it solves the system whose solution u
 * needs.
 */
export const convergenceTests = {
  relative: ({ lag }, epsilon) => lag <= epsilon,
  norms: ({ upper, lower }, epsilon) => upper + lower <= epsilon ** 2,
  squaredNorms: ({ upper, lower }, epsilon) => upper ** 2 + lower ** 2 < epsilon ** 2,
} as const satisfies Record<string, (residuals: Residuals, epsilon: number) => boolean>;

export const convergenceTestNames = Object.keys(convergenceTests) as readonly (keyof typeof convergenceTests)[];
