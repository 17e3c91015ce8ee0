// What methods make of a problem: f(u, v*) where they end, with v* trained again on g alone.
import { evaluate, methods, respond } from '../../dist/lib/solvers/index.js';

/** f(u, v*), where u is where the problem starts unless it is given. */
export async function responseOf(entry, device, u) {
  const problem = await entry.problem();
  const upper = u ?? Object.fromEntries(problem.upper.map(({ name, initial }) => [name, initial]));
  const { v } = await respond(problem, upper, { device });
  return (await evaluate(problem, { u: upper, v }, { device })).f;
}

/** Gradients of either cost, where a product with second derivatives counts as two: it costs about as much. */
export const workOf = ({ fGradients, gGradients, hessianVectorProducts, jacobianVectorProducts }) =>
  fGradients + gGradients + 2 * (hessianVectorProducts + jacobianVectorProducts);

/** The u to which a method comes with the problem's budget. */
export async function tune(entry, method, options, device) {
  const solver = methods[method](await entry.problem(), options, { device });
  try {
    const state = solver.init();
    let report;
    for await (report of solver.run({ state })) if (workOf(report.evaluations) >= entry.budget) break;
    return { u: state.u, report };
  } finally {
    solver.dispose();
  }
}
