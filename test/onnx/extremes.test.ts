import test from 'ava';
import { BilevelError } from '../../lib/errors.js';
import type { AttributeValue } from '../support/onnx/builder.js';
import { applyCase, type OperatorCase } from '../support/onnx/operator-case.js';
import { operatorCases } from '../support/onnx/operator-cases/index.js';

/** Integers at which sizes, axes and counts go wrong; the engine's limits and those of files are below 2^30. */
const integers = [2n ** 63n - 1n, -(2n ** 63n), 2n ** 52n, 2n ** 30n, 0n, -1n];
const reals = [Number.POSITIVE_INFINITY, Number.NaN, -1, 0, 1e-9, 1e30];

type Variant = readonly [what: string, operatorCase: OperatorCase];

/** The case with one attribute, or all entries of one integer input, at each of the extremes. */
function* variants(row: OperatorCase): Generator<Variant> {
  const withAttribute = (name: string, value: AttributeValue): Variant => [
    `${name} at ${typeof value === 'object' ? Object.values(value) : value}`,
    { ...row, attributes: { ...row.attributes, [name]: value } },
  ];
  for (const [name, value] of Object.entries(row.attributes ?? {})) {
    if (typeof value === 'number') for (const extreme of integers) yield withAttribute(name, extreme);
    else if (Array.isArray(value)) {
      for (const extreme of integers) {
        yield withAttribute(
          name,
          value.map(() => extreme),
        );
        yield withAttribute(name, value.with(0, extreme));
      }
    } else if (typeof value === 'object' && 'float' in value) {
      for (const extreme of reals) yield withAttribute(name, { float: extreme });
    }
  }
  for (const [index, input] of row.inputs.entries()) {
    if (input === undefined || (index === 0 && !row.folded) || input.data.length > 16 || input.type === 'bool')
      continue;
    // Half of the ends of 64 bits, which a number can tell apart.
    const extremes = input.type === 'int64' ? [2 ** 62, -(2 ** 62), 2 ** 30, 0, -1] : reals;
    if (input.type === 'int32') continue;
    for (const extreme of extremes) {
      const inputs = row.inputs.with(index, { ...input, data: input.data.map(() => extreme) });
      yield [`input ${index} at ${extreme}`, { ...row, inputs }];
    }
  }
}

const byOperator = new Map<string, OperatorCase[]>();
for (const row of operatorCases) byOperator.set(row.op, [...(byOperator.get(row.op) ?? []), row]);

for (const [op, rows] of byOperator) {
  test(`${op} with extreme numbers gives a result or an error of the package, at once`, async (t) => {
    let tried = 0;
    // Of operators with many cases each tenth tells enough.
    for (const row of rows.filter((_, index) => index < 6 || index % 10 === 0)) {
      for (const [what, variant] of variants(row)) {
        tried++;
        try {
          await applyCase(variant, variant.opsets.at(-1) ?? 0, 0);
        } catch (error) {
          t.true(error instanceof BilevelError, `${what}: ${error instanceof Error ? error.stack : error}`);
          t.regex(String(error), / node ("|number)/, what);
        }
      }
    }
    t.pass(`${tried} variants`);
  });
}
