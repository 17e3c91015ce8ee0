import { isDeepStrictEqual } from 'node:util';
import test from 'ava';
import { type CompileOptions, compile, noPasses } from '../../lib/compile/index.js';
import type { EncodedProgram } from '../../lib/encoded.js';
import * as g from '../../lib/graph/index.js';
import { elementCount } from '../../lib/tensor.js';
import { type ProgramCase, programCases } from '../support/engine/programs.js';
import { interpret } from '../support/graph/interpreter.js';

const steps = 3;

/** What `steps` steps give by evaluating the graph: the last value of each output, every value of per-step outputs. */
function expected({ spec, inputs }: ProgramCase): Map<string, Float64Array> {
  const updates = spec.updates ?? [];
  const named = Object.entries({ ...spec.outputs, ...spec.perStepOutputs });
  const feeds = new Map(inputs);
  const results = new Map<string, Float64Array>();
  for (let step = 0; step < steps; step++) {
    const values = g.evaluate([...named.map(([, node]) => node), ...updates.map(([, value]) => value)], feeds);
    for (const [index, [name]] of named.entries()) {
      const value = values[index] as Float64Array;
      const perStep = spec.perStepOutputs && name in spec.perStepOutputs;
      results.set(name, perStep ? Float64Array.of(...(results.get(name) ?? []), ...value) : value);
    }
    for (const [index, [target]] of updates.entries()) feeds.set(target, values[named.length + index] as Float64Array);
  }
  for (const [target] of updates)
    if (g.isOp(target, 'input')) results.set(target.attributes.name, feeds.get(target) as Float64Array);
  return results;
}

function interpreted(program: EncodedProgram, { inputs }: ProgramCase): Map<string, Float64Array> {
  const tensors: Record<string, Float64Array> = {};
  for (const { name, shape, perStep } of program.bindings) {
    tensors[name] = new Float64Array(elementCount(shape) * (perStep ? steps : 1)).fill(Number.NaN);
  }
  for (const [node, data] of inputs) if (g.isOp(node, 'input')) tensors[node.attributes.name] = data.slice();
  interpret(program, tensors, steps);
  return new Map(Object.entries(tensors));
}

const everything: CompileOptions = {};
const settings: Record<string, CompileOptions> = { everything, nothing: noPasses };
for (const pass of Object.keys(noPasses)) {
  settings[`without ${pass}`] = { [pass]: false };
  settings[`only ${pass}`] = { ...noPasses, [pass]: true };
}

for (const program of programCases()) {
  let meaning: ReturnType<typeof expected> | undefined;
  for (const [setting, options] of Object.entries(settings)) {
    test(`${program.name}: ${setting}: the program computes what the graph means`, (t) => {
      const actual = interpreted(compile(program.spec, options), program);
      meaning ??= expected(program);
      for (const [name, want] of meaning) {
        const got = actual.get(name) as Float64Array;
        t.is(got.length, want.length, name);
        const scale = want.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-12);
        const error = want.reduce((most, value, i) => Math.max(most, Math.abs(value - (got[i] as number))), 0);
        t.true(error <= 2e-6 * scale, `${name}: error ${error} at scale ${scale}`);
      }
    });
  }
}

test('every pass changes some program', (t) => {
  const specs = programCases().map(({ spec }) => spec);
  const all = specs.map((spec) => compile(spec).words);
  for (const pass of Object.keys(noPasses)) {
    const differs = specs.some((spec, index) => !isDeepStrictEqual(compile(spec, { [pass]: false }).words, all[index]));
    t.true(differs, pass);
  }
});
