import { pathToFileURL } from 'node:url';
import test from 'ava';
import { BackgroundCompiler } from '../../lib/compile/background/compiler.js';
import { fromMessage, toMessage } from '../../lib/compile/background/message.js';
import {
  type CompiledProgram,
  compile,
  compileCached,
  compileCachedBy,
  type ProgramSpec,
} from '../../lib/compile/index.js';
import { add, constant, crossEntropy, exp, gradient, input, matmul, mean, mul } from '../../lib/graph/index.js';

/** A step of a classifier with constants of every dtype; `scale` makes it another one. */
function step(scale: number): ProgramSpec {
  const weight = input('weight', [5, 3]);
  const x = input('x', [7, 5]);
  const labels = constant(
    Float64Array.from({ length: 7 }, (_, row) => row % 3),
    [7],
    'int64',
  );
  const shift = constant(Float64Array.from([0.1, Number.NEGATIVE_INFINITY, -0]), [3]);
  const cost = mul(scale, mean(crossEntropy(matmul(x, exp(weight)), labels)));
  const [slope = weight] = gradient(cost, [weight]);
  return {
    outputs: { shifted: add(shift, 1) },
    perStepOutputs: { cost },
    updates: [[weight, add(weight, mul(-0.1, slope))]],
    perStep: [x],
  };
}

const plain = ({ explain, words, constants, ...rest }: CompiledProgram) => ({
  ...rest,
  listing: explain(),
  words: [...words],
  constants: [...constants],
});

test('a statement as plain data is the same statement', (t) => {
  const spec = step(2);
  const copy = fromMessage(structuredClone(toMessage(spec)));
  t.deepEqual(plain(compile(copy)), plain(compile(spec)));
  t.deepEqual(toMessage(copy), toMessage(spec));
  const shared = { outputs: { a: spec.outputs?.shifted ?? constant(1) } };
  t.deepEqual(plain(compile(fromMessage(toMessage(shared)))), plain(compile(shared)));
});

test('another thread compiles to the same bits, program after program, with the passes that are asked for', async (t) => {
  using compiler = new BackgroundCompiler();
  for (const [scale, options] of [
    [1, {}],
    [3, { fuse: false, reassociate: false }],
    [3, {}],
  ] as const) {
    t.deepEqual(plain(await compiler.compile(step(scale), options)), plain(compile(step(scale), options)));
  }
});

test('what was compiled by another thread is known to this one, and the other way round', async (t) => {
  using compiler = new BackgroundCompiler();
  const made = await compileCachedBy(compiler, step(5));
  t.is(compileCached(step(5)), made);
  const known = compileCached(step(6));
  // A thread that cannot be started is not missed.
  using none = new BackgroundCompiler(undefined, pathToFileURL('/nowhere/worker.js'));
  t.is(await compileCachedBy(none, step(6)), known);
});

test('what the other thread throws comes through with its code and message', async (t) => {
  using compiler = new BackgroundCompiler();
  const clash: ProgramSpec = { outputs: { x: add(input('x', [2]), 1) } };
  const expected = t.throws(() => compile(clash), { code: 'INVALID_ARGUMENT', message: /different names/ });
  await t.throwsAsync(compiler.compile(clash), {
    instanceOf: expected?.constructor as never,
    message: expected?.message as string,
  });
  const error = await t.throwsAsync(compiler.compile(clash));
  t.like(error, { code: 'INVALID_ARGUMENT' });
  await t.throwsAsync(compiler.compile(step(1), { fusion: true } as never), { code: 'UNKNOWN_OPTION' });
  t.deepEqual(plain(await compiler.compile(step(1))), plain(compile(step(1))), 'the thread goes on');
});

test('a thread that cannot be started says what is missing', async (t) => {
  using compiler = new BackgroundCompiler(undefined, pathToFileURL('/nowhere/worker.js'));
  await t.throwsAsync(compiler.compile(step(7)), {
    code: 'NOT_FOUND',
    message: /nowhere.worker\.js.* external module/,
  });
});

test('a signal ends the thread', async (t) => {
  const controller = new AbortController();
  using compiler = new BackgroundCompiler(controller.signal);
  const compiling = compiler.compile(step(8));
  const reason = new Error('enough');
  controller.abort(reason);
  t.is(await t.throwsAsync(compiling), reason);
  t.is(await t.throwsAsync(compiler.compile(step(8))), reason);
});
