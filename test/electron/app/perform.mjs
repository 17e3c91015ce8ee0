import { works } from './work.mjs';

/** Does a work by its name and tells its result, or its error. */
export async function perform(name, tell) {
  try {
    tell({ result: await works[name](tell) });
  } catch (error) {
    tell({ error: String(error?.stack ?? error) });
  }
}
