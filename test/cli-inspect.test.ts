import { join } from 'node:path';
import test from 'ava';
import { bilevel, fixtures } from './support/command-line.js';

test('what a network is made of and what a step costs', async (t) => {
  const { status, stdout } = await bilevel('inspect', 'logreg', '--batch', '50', '--json');
  t.is(status, 0);
  const { model, opset, inputs, operators, parameters, warnings, step } = JSON.parse(stdout);
  t.is(model, 'logreg');
  t.true(opset >= 9);
  t.deepEqual(inputs[0].shape.slice(1), [1, 28, 28]);
  t.is(operators.Gemm, 1);
  t.deepEqual(
    parameters.map(({ shape, trainable }: { shape: number[]; trainable: boolean }) => ({ shape, trainable })),
    [
      { shape: [10, 784], trainable: true },
      { shape: [10], trainable: true },
    ],
  );
  t.deepEqual(warnings, []);
  t.is(step.batch, 50);
  // Logits of both batches, their gradients, and one Hessian-vector product: several products of 50 x 784 by 784 x 10.
  const product = 2 * 50 * 784 * 10;
  t.true(step.lower.stepFlops > 4 * product && step.lower.stepFlops < 12 * product, `${step.lower.stepFlops}`);
  const { step: larger } = JSON.parse((await bilevel('inspect', 'logreg', '--batch', '100', '--json')).stdout);
  t.true(larger.lower.stepFlops > 1.8 * step.lower.stepFlops && larger.lower.stepFlops < 2.2 * step.lower.stepFlops);
  t.true(larger.lower.arenaBytes > step.lower.arenaBytes);
});

test('people get tables, warnings with their remedy and on demand the instructions', async (t) => {
  const path = join(fixtures, 'conv4-eval', 'model.onnx');
  const { status, stdout } = await bilevel('inspect', path, '--batch', '4', '--instructions');
  t.is(status, 0);
  t.regex(stdout, /^Operators .*Conv ×4/m);
  t.regex(stdout, /^Input .*\[/m);
  t.regex(stdout, /^warning .*torch\.onnx\.export/m);
  t.regex(stdout, /^Penalty step, batch 4 \+ 4/m);
  t.regex(stdout, /^step of v /m);
  t.regex(stdout, /^step of u /m);
  t.regex(stdout, /convInputGradient|conv/);
  t.notRegex(stdout, /NaN|undefined/);
});
