import { bindingAccess, dtypeCodes, type EncodedProgram, formatMagic, formatVersion, opcodes } from '../encoded.js';

const [float32, read, write] = [
  dtypeCodes.indexOf('float32'),
  bindingAccess.indexOf('read'),
  bindingAccess.indexOf('write'),
];
const bound = 1;

/** y = the sum of the ranks' x, of so many elements. */
export function sumProgram(count: number): EncodedProgram {
  const words = [
    ...[formatMagic, formatVersion, 0, 2, 2, 0, 1],
    ...[float32, count, read, 0],
    ...[float32, count, write, 0],
    ...[bound, 0, float32, count],
    ...[bound, 1, float32, count],
    ...[opcodes.indexOf('allReduce'), 3, count, 0, 1],
  ];
  const binding = { dtype: 'float32', shape: [count], perStep: false } as const;
  const bindings = [
    { ...binding, name: 'x', access: 'read' },
    { ...binding, name: 'y', access: 'write' },
  ] as const;
  return { words: Float64Array.from(words), constants: new Uint8Array(), bindings };
}
