import test from 'ava';
import { compile } from '../../lib/compile/index.js';
import { bindingAccess, dtypeCodes, type EncodedProgram, type ProgramBinding } from '../../lib/encoded.js';
import { BilevelError } from '../../lib/errors.js';
import { Tensor } from '../../lib/tensor.js';
import { testDevice } from '../support/devices.js';
import { accumulator } from '../support/engine/encoded-programs.js';
import { programCases } from '../support/engine/programs.js';

/**
 * Damaged programs: each is refused with a code, or runs; none does harm. The native tests do this under sanitizers.
 */

const codes = ['INVALID_PROGRAM', 'LIMIT_EXCEEDED', 'INVALID_ARGUMENT', 'INDEX_OUT_OF_RANGE'];
const strange = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  0.5,
  -1,
  -64,
  1e300,
  2 ** 53,
  2 ** 40,
  2 ** 31,
  65536,
  0,
  1,
  2,
  3,
  64,
];

/** A small generator with a seed, so that a failure can be repeated. */
function generator(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

function damage(words: Float64Array, random: (limit: number) => number): Float64Array {
  const damaged = words.slice();
  for (let hits = 1 + random(3); hits > 0; hits--) {
    const index = random(words.length);
    const word = damaged[index] as number;
    const other = words[random(words.length)] as number;
    damaged[index] = [strange[random(strange.length)] as number, word + 1, word - 1, other, random(40)][
      random(5)
    ] as number;
  }
  return random(50) === 0 ? damaged.slice(0, random(words.length)) : damaged;
}

/** The bindings that the words of an accepted program state. */
function statedBindings(words: Float64Array): ProgramBinding[] {
  return Array.from({ length: words[3] as number }, (_, index): ProgramBinding => {
    const [dtype, count, access, perStep] = words.subarray(7 + 4 * index);
    return {
      name: `b${index}`,
      dtype: dtypeCodes[dtype as number] ?? 'float32',
      shape: [count as number],
      access: bindingAccess[access as number] ?? 'read',
      perStep: perStep === 1,
    };
  });
}

const programs: readonly (readonly [name: string, program: EncodedProgram])[] = [
  ['accumulator', accumulator()],
  ...programCases().map(({ name, spec }) => [name, compile(spec)] as const),
];
const device = testDevice({ threads: 2 });

for (const [name, encoded] of programs) {
  test(`${name}: random damage is refused or harmless`, async (t) => {
    const random = generator(encoded.words.length);
    const seen = { refused: 0, accepted: 0, completed: 0 };
    const names = encoded.bindings.map((binding) => binding.name);
    for (let round = 0; round < 1500; round++) {
      const words = damage(encoded.words, random);
      try {
        const bindings = words[3] === names.length ? statedBindings(words) : encoded.bindings;
        const program = device.load({ words, constants: encoded.constants, bindings });
        seen.accepted++;
        const small = words.every((word) => !(Math.abs(word) > 70000) || encoded.words.includes(word));
        if (small && seen.completed < 150) {
          const tensors = bindings.map(({ name: key, dtype, shape, perStep }) => [
            key,
            Tensor.zeros(perStep ? [2, ...shape] : shape, dtype),
          ]);
          await program.run(Object.fromEntries(tensors), { steps: 2 });
          seen.completed++;
        }
        program.dispose();
      } catch (error) {
        if (!(error instanceof BilevelError && codes.includes(error.code))) throw error;
        seen.refused++;
      }
    }
    t.true(seen.refused > 500 && seen.completed > 20, JSON.stringify(seen));
  });
}
