import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import test from 'ava';
import { readBytes } from '../../lib/data/files.js';
import { isError } from '../../lib/errors.js';
import { constant, evaluate, input, mul } from '../../lib/graph/index.js';
import { Network } from '../../lib/onnx/index.js';
import { packageRoot } from '../../lib/package-root.js';
import { checkCreateOptions } from '../../lib/solvers/solver.js';
import { Tensor } from '../../lib/tensor.js';

// Jest runs tests in contexts like this one, in which arrays, errors and signals have classes of their own.
const other = createContext({});
const from = (code: string) => runInContext(code, other);

test('arrays of another realm are what they are here', async (t) => {
  t.is(Tensor.from(from('new Int32Array([1, 2])')).dtype, 'int32');
  t.is(String(Tensor.from(from('new BigInt64Array(2)')).dtype), 'int64');
  t.is(String(Tensor.from(from('new Float32Array([1, 2])')).dtype), 'float32');
  t.deepEqual(Tensor.over(from('new Float32Array(new SharedArrayBuffer(8))'), [2]).toArray(), [0, 0]);
  t.deepEqual(constant(from('new Float32Array([1, 2])')).shape, [2]);
  const file = join(packageRoot(), 'models', 'logreg.onnx');
  const bytes: Uint8Array = from('(bytes) => Uint8Array.from(bytes)')(readFileSync(file));
  t.false(bytes instanceof Uint8Array);
  t.is((await Network.load(bytes)).parameters.size, 2);
  const x = input('x', [2]);
  const values = from('(x) => new Map([[x, new Float64Array([3, 4])]])')(x);
  t.deepEqual(await evaluate([mul(x, 2)], values), [Float64Array.of(6, 8)]);
});

test('errors and signals of another realm are told as such', async (t) => {
  const error: unknown = from('new RangeError("far away")');
  t.false(error instanceof Error);
  t.true(isError(error));
  t.true(isError(new DOMException('stopped', 'AbortError')));
  t.false(isError({ message: 'none' }));
  // A signal as jsdom has it: its class is another one than Node's.
  const signal = from('({ aborted: false, reason: undefined, addEventListener() {}, removeEventListener() {} })');
  t.notThrows(() => checkCreateOptions({ signal }));
  t.throws(() => checkCreateOptions({ signal: from('({ aborted: false })') }), {
    code: 'INVALID_ARGUMENT',
    message: /an AbortSignal/,
  });
  await t.throwsAsync(readBytes(join(packageRoot(), 'nowhere')), { code: 'NOT_FOUND' });
});

test('no class that every realm has its own of is asked for by instanceof', (t) => {
  const names = [
    'Map',
    'Set',
    'Date',
    'RegExp',
    'Promise',
    'AbortSignal',
    'ArrayBuffer',
    'SharedArrayBuffer',
    '\\w+Array',
  ];
  const asked = new RegExp(`instanceof (${names.join('|')})\\b`);
  const files = readdirSync(join(packageRoot(), 'lib'), { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  t.true(files.length > 300);
  t.deepEqual(
    files.filter((file) => asked.test(readFileSync(join(packageRoot(), 'lib', file), 'utf8'))),
    [],
  );
});
