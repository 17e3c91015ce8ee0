// A problem of the set: what it is stated with, and what a method may spend on it.
import { bilevelProblem, feed } from '../../../dist/lib/bilevel/index.js';

/**
 * @param budget work that a method may do
 * @param holdout whether no default was chosen by it
 * @param data what its feeds hold
 * @param statement of data: `upper`, `lower`, `f`, `g` and `sets` of the problem
 * @param batches rows of the mini-batches of its feeds, where not all
 */
export function define({ name, title, budget, holdout = false, data, statement, batches = {} }) {
  let stated;
  const state = async () => {
    const known = await data();
    const feeds = Object.entries(known).map(([key, arrays]) => {
      const batch = batches[key];
      return [key, feed(arrays, batch === undefined ? {} : { batch })];
    });
    return bilevelProblem({ ...statement(known), feeds: Object.fromEntries(feeds) });
  };
  return {
    name,
    title,
    budget,
    holdout,
    problem() {
      stated ??= state();
      return stated;
    },
  };
}
