import {
  type BindingAccess,
  bindingAccess,
  bufferKinds,
  dtypeCodes,
  type EncodedProgram,
  formatMagic,
  formatVersion,
  type Opcode,
  opcodes,
  type ProgramBinding,
  type TapeOp,
  tapeOps,
} from '../../../lib/encoded.js';
import { bytesPerElement, type DType, elementCount, type Shape } from '../../../lib/tensor.js';

const alignment = 64;

function align(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}

/** Writes encoded programs by hand, word by word as in docs/program-format.md. Methods return buffer numbers. */
export class ProgramEncoder {
  readonly #bindings: ProgramBinding[] = [];
  readonly #buffers: number[][] = [];
  readonly #prologue: number[][] = [];
  readonly #body: number[][] = [];
  readonly #constants: number[] = [];
  #arenaBytes = 0;

  binding(name: string, shape: Shape, access: BindingAccess, dtype: DType = 'float32', perStep = false): number {
    this.#bindings.push({ name, dtype, shape, access, perStep });
    return this.#buffer('binding', this.#bindings.length - 1, dtype, elementCount(shape));
  }

  arena(count: number, dtype: DType = 'float32'): number {
    const where = this.#arenaBytes;
    this.#arenaBytes += align(count * bytesPerElement[dtype]);
    return this.#buffer('arena', where, dtype, count);
  }

  constant(values: readonly number[]): number {
    const where = align(this.#constants.length * 4);
    while (this.#constants.length * 4 < where) this.#constants.push(0);
    this.#constants.push(...values);
    return this.#buffer('constant', where, 'float32', values.length);
  }

  body(opcode: Opcode, ...words: number[]): this {
    this.#body.push([opcodes.indexOf(opcode), words.length, ...words]);
    return this;
  }

  prologue(opcode: Opcode, ...words: number[]): this {
    this.#prologue.push([opcodes.indexOf(opcode), words.length, ...words]);
    return this;
  }

  /** `target` = `op` of contiguous operands of `size` elements. */
  elementwise(op: TapeOp, size: number, operands: readonly number[], target: number): this {
    const sources = [0, 1, 2].map((index) => (index < operands.length ? index : 0));
    return this.body(
      'fused',
      ...[1, 1, 0, size, operands.length, ...operands.flatMap((operand) => [operand, 0, 1])],
      ...[1, tapeOps.indexOf(op), operands.length, ...sources, 0],
      ...[1, 0, operands.length, target, 0, 1],
    );
  }

  encode(): EncodedProgram {
    const bindings = this.#bindings.map(({ dtype, shape, access, perStep }) => [
      dtypeCodes.indexOf(dtype),
      elementCount(shape),
      bindingAccess.indexOf(access),
      Number(perStep),
    ]);
    const [prologue, total] = [this.#prologue.length, this.#prologue.length + this.#body.length];
    const header = [
      formatMagic,
      formatVersion,
      this.#arenaBytes,
      bindings.length,
      this.#buffers.length,
      prologue,
      total,
    ];
    return {
      words: Float64Array.from([header, ...bindings, ...this.#buffers, ...this.#prologue, ...this.#body].flat()),
      constants: new Uint8Array(Float32Array.from(this.#constants).buffer),
      bindings: this.#bindings,
    };
  }

  #buffer(kind: (typeof bufferKinds)[number], where: number, dtype: DType, count: number): number {
    this.#buffers.push([bufferKinds.indexOf(kind), where, dtypeCodes.indexOf(dtype), count]);
    return this.#buffers.length - 1;
  }
}
