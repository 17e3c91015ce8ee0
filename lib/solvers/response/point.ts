import { checkReal, type Variable } from '../../bilevel/index.js';
import { adviseName, BilevelError, checkRecord, describe } from '../../errors.js';
import { formatType, sameShape, type Tensor } from '../../tensor.js';

type Tensors = Readonly<Record<string, Tensor>>;

/**
 * The tensors of a level by binding name, from those by the names of its variables.
 * @throws INVALID_ARGUMENT for a name that is missing or unknown; SHAPE_MISMATCH; INVALID_DATA for an element that is
 *   not finite
 */
export function bindLevel(level: 'u' | 'v', variables: readonly Variable[], given: Tensors): Record<string, Tensor> {
  checkRecord(given, level);
  const names = variables.map(({ name }) => name);
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    const advice = adviseName(unknown, names);
    throw new BilevelError('INVALID_ARGUMENT', `There is no variable ${describe(unknown)} in ${level}. ${advice}`);
  }
  return Object.fromEntries(
    variables.map(({ name, initial }) => {
      const what = `the variable ${level}.${name}`;
      const tensor = given[name];
      checkReal(what, tensor);
      if (!sameShape(tensor.shape, initial.shape)) {
        throw new BilevelError(
          'SHAPE_MISMATCH',
          `Expected ${formatType(initial)} for ${what} but received ${formatType(tensor)}.`,
        );
      }
      return [`${level}/${name}`, tensor];
    }),
  );
}
