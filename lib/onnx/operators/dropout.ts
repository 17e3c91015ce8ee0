import type { Node } from '../../graph/index.js';
import * as g from '../../graph/index.js';
import { type ImportResult, integers, type Operation, type OperatorImporter } from '../operation.js';

/**
 * Ratio and mode are attribute and absent before opset 12, inputs from then on. In the training form the elements that
 * stay are a pure function of the key that the caller gives.
 */
function dropout(op: Operation): ImportResult {
  op.attributes.ignore('seed');
  const x = op.input(0);
  const ratio = op.opset < 12 ? op.attributes.float('ratio', 0.5) : (op.optionalScalarInput(1) ?? 0.5);
  const stated = op.opset >= 12 && (op.optionalScalarInput(2) ?? 0) !== 0;
  const training = op.context.mode.training ?? stated;
  if (!training || ratio === 0) return x;
  const { key } = op.context.mode;
  if (key === undefined) {
    throw op.argument(
      'is applied in training mode and needs { key }, an int32 [2] node; or apply with { training: false }',
    );
  }
  return g.dropout(x, ratio, ownKey(key, op.context.serial));
}

/** Every dropout layer draws from a stream of its own; the golden ratio's bits keep it apart from those of other keys. */
function ownKey(key: Node, serial: number): Node {
  return g.add(key, integers([0, Math.imul(serial, 0x9e3779b9)], [2], 'int32'));
}

export const dropoutOperators: Record<string, OperatorImporter> = {
  Dropout: { build: dropout },
};
