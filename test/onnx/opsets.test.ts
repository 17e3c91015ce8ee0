import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { create } from '@bufbuild/protobuf';
import test from 'ava';
import { OperatorSetIdProtoSchema } from '../../lib/onnx/file/schema/onnx_pb.js';
import { opsetRange } from '../../lib/onnx/index.js';
import { operators } from '../../lib/onnx/operators/index.js';
import { randomOperators } from '../../lib/onnx/operators/random.js';
import { buildModel, encode, tensor } from '../support/onnx/builder.js';
import { evaluateModel } from '../support/onnx/operator-case.js';
import { operatorCases } from '../support/onnx/operator-cases/index.js';
import { chain } from '../support/onnx/untrusted-models.js';

/** In which opsets each operator of ONNX changed, see the script beside the file. */
interface History {
  readonly newest: number;
  readonly operators: Readonly<
    Record<string, { readonly versions: readonly number[]; readonly forms: readonly number[] }>
  >;
}

const path = fileURLToPath(new URL('../../../test/fixtures/operator-versions.json', import.meta.url));
const history: History = JSON.parse(await readFile(path, 'utf8'));

test('all opsets are known in which operators changed', (t) => {
  t.deepEqual([opsetRange.newest], [history.newest]);
});

test('every operator is understood from the opset on that introduced it', (t) => {
  for (const [op, { since = opsetRange.oldest }] of operators) {
    t.is(since, Math.max(history.operators[op]?.versions[0] ?? 0, opsetRange.oldest), op);
  }
});

test('every form of an operator that is understood has a case, but of those that draw random numbers', (t) => {
  const missing: string[] = [];
  for (const [op, { until = opsetRange.newest }] of operators) {
    const { forms = [] } = history.operators[op] ?? {};
    const opsets = operatorCases.filter((row) => row.op === op).flatMap((row) => row.opsets);
    for (const [index, form] of forms.entries()) {
      const last = Math.min(until, (forms[index + 1] ?? Number.POSITIVE_INFINITY) - 1);
      const within = (opset: number): boolean => opset >= form && opset <= last;
      if (last >= Math.max(form, opsetRange.oldest) && !opsets.some(within) && !(op in randomOperators))
        missing.push(`${op} of opset ${form}`);
    }
  }
  t.deepEqual(missing, []);
});

test('an opset may be named twice, under both names of its domain', async (t) => {
  const model = buildModel(chain([{ op: 'Neg', inputs: ['x'], outputs: ['y'] }]));
  const again = (version: bigint) => create(OperatorSetIdProtoSchema, { domain: 'ai.onnx', version });
  const x = tensor([1, 2, 3], [1, 3]);
  const opsetImport = [...model.opsetImport, again(17n)];
  t.deepEqual((await evaluateModel(encode({ ...model, opsetImport }), x)).data, [-1, -2, -3]);
  const different = encode({ ...model, opsetImport: [...model.opsetImport, again(18n)] });
  await t.throwsAsync(() => evaluateModel(different, x), { code: 'INVALID_FILE', message: /opset 17 and opset 18/ });
});
