import type { ProgramBinding } from '../encoded.js';
import { invalidArgument } from '../errors.js';
import { Tensor } from '../tensor.js';

/**
 * What a program is run with: of the tensors at hand those that it binds, and new ones of zeros for what it writes
 * beside them.
 * @throws INVALID_ARGUMENT when a tensor that is only read is not at hand
 */
export function bindTensors(
  { bindings }: { readonly bindings: readonly ProgramBinding[] },
  tensors: Readonly<Record<string, Tensor>>,
): Record<string, Tensor> {
  return Object.fromEntries(
    bindings.map(({ name, shape, dtype, access }) => {
      const given = tensors[name];
      if (given === undefined && access === 'read') throw invalidArgument(`the binding ${name}`, 'a tensor', given);
      return [name, given ?? Tensor.zeros(shape, dtype)];
    }),
  );
}
