import {
  bufferKinds,
  dtypeCodes,
  type EncodedProgram,
  opcodes,
  outputModes,
  type TapeOp,
  tapeOps,
  tapeSignatures,
} from '../../../lib/encoded.js';
import { evaluate } from '../../../lib/graph/evaluate.js';
import * as graph from '../../../lib/graph/index.js';
import { bytesPerElement, elementCount } from '../../../lib/tensor.js';

/**
 * Runs an encoded program in float64 straight from docs/program-format.md: slow, obvious, and written without the
 * compiler or the engine, so that a fault of either shows as a difference. Memory is an array of float64 indexed by
 * byte offset; values that share memory overwrite each other here as they do in the engine.
 */
export function interpret(program: EncodedProgram, tensors: Readonly<Record<string, Float64Array>>, steps = 1): void {
  const { words } = program;
  let at = 0;
  const next = (): number => words[at++] as number;
  const take = (count: number): number[] => Array.from({ length: count }, next);
  const [, , arenaBytes, bindingCount, bufferCount, prologueCount, instructionCount] = take(7) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  take(4 * bindingCount);
  const arena = new Float64Array(arenaBytes).fill(Number.NaN);
  const constants = new DataView(program.constants.buffer, program.constants.byteOffset);
  interface Buffer {
    get(index: number): number;
    set(index: number, value: number): void;
    readonly count: number;
    readonly dtype: (typeof dtypeCodes)[number];
  }
  let step = 0;
  const buffers = Array.from({ length: bufferCount }, (): Buffer => {
    const [kind, where, dtypeCode, count] = take(4) as [number, number, number, number];
    const dtype = dtypeCodes[dtypeCode] as (typeof dtypeCodes)[number];
    const bytes = bytesPerElement[dtype];
    const check = (index: number): number => {
      if (!(index >= 0 && index < count)) throw new Error(`element ${index} of a buffer of ${count}`);
      return index;
    };
    if (bufferKinds[kind] === 'arena') {
      return {
        count,
        dtype,
        get: (index) => arena[where + check(index) * bytes] as number,
        set: (index, value) => {
          for (let byte = 0; byte < bytes; byte++)
            arena[where + check(index) * bytes + byte] = byte === 0 ? value : Number.NaN;
        },
      };
    }
    if (bufferKinds[kind] === 'constant') {
      const read = {
        float32: (o: number) => constants.getFloat32(o, true),
        int32: (o: number) => constants.getInt32(o, true),
        int64: (o: number) => Number(constants.getBigInt64(o, true)),
        bool: (o: number) => constants.getUint8(o),
      }[dtype];
      return {
        count,
        dtype,
        get: (index) => read(where + check(index) * bytes),
        set: () => {
          throw new Error('a constant was written');
        },
      };
    }
    const bound = program.bindings[where] as EncodedProgram['bindings'][number];
    const data = tensors[bound.name] as Float64Array;
    const base = (): number => (bound.perStep ? step * count : 0);
    return {
      count,
      dtype,
      get: (index) => data[base() + check(index)] as number,
      set: (index, value) => {
        data[base() + check(index)] = value;
      },
    };
  });
  const whole = (index: number): Float64Array => {
    const buffer = buffers[index] as Buffer;
    return Float64Array.from({ length: buffer.count }, (_, i) => buffer.get(i));
  };
  const start = at;
  const runInstructions = (first: number, end: number): void => {
    at = start;
    for (let index = 0; index < end; index++) {
      const opcode = opcodes[next()] as string;
      const length = next();
      const resume = at + length;
      if (index >= first) {
        if (opcode === 'fused') fused();
        else plain(opcode, take(length));
      }
      at = resume;
    }
  };

  const fused = (): void => {
    const [rank, outer, reduced] = take(3) as [number, number, number];
    const sizes = take(rank);
    const view = () => ({ buffer: buffers[next()] as Buffer, offset: next(), strides: take(rank) });
    const operands = Array.from({ length: next() }, view);
    const tape = Array.from({ length: next() }, () => ({
      op: tapeOps[next()] as TapeOp,
      destination: next(),
      a: next(),
      b: next(),
      c: next(),
      immediate: next(),
    }));
    const outputs = Array.from({ length: next() }, () => ({
      mode: outputModes[next()] as string,
      register: next(),
      view: view(),
    }));
    const position = (v: ReturnType<typeof view>, index: readonly number[]): number =>
      index.reduce((sum, i, axis) => sum + i * (v.strides[axis] as number), v.offset);
    const total = sizes.reduce((product, size) => product * size, 1);
    const indexOf = (linear: number): number[] => {
      const index = new Array<number>(rank);
      for (let axis = rank - 1; axis >= 0; axis--) {
        index[axis] = linear % (sizes[axis] as number);
        linear = Math.floor(linear / (sizes[axis] as number));
      }
      return index;
    };
    const isReduced = (axis: number): boolean => axis >= outer && axis < outer + reduced;
    const keptSizes = sizes.map((size, axis) => (isReduced(axis) ? 1 : size));
    for (const output of outputs) {
      if (output.mode === 'store') continue;
      const kept = keptSizes.reduce((product, size) => product * size, 1);
      for (let linear = 0; linear < kept; linear++) {
        const index = new Array<number>(rank).fill(0);
        let rest = linear;
        for (let axis = rank - 1; axis >= 0; axis--) {
          index[axis] = rest % (keptSizes[axis] as number);
          rest = Math.floor(rest / (keptSizes[axis] as number));
        }
        output.view.buffer.set(position(output.view, index), output.mode === 'sum' ? 0 : Number.NEGATIVE_INFINITY);
      }
    }
    for (let linear = 0; linear < total; linear++) {
      const index = indexOf(linear);
      const registers: number[] = operands.map((operand) => operand.buffer.get(position(operand, index)));
      for (const { op, destination, a, b, c, immediate } of tape) {
        registers[destination] = scalar(
          op,
          registers[a] as number,
          registers[b] as number,
          registers[c] as number,
          immediate,
        );
      }
      for (const { mode, register, view: target } of outputs) {
        const value = registers[register] as number;
        const where = position(target, index);
        if (mode === 'store') target.buffer.set(where, target.buffer.dtype === 'bool' ? Number(value !== 0) : value);
        else if (mode === 'sum') target.buffer.set(where, target.buffer.get(where) + value);
        else target.buffer.set(where, Math.max(target.buffer.get(where), value));
      }
    }
  };

  /** Instructions that are primitives of the graph are evaluated as such. */
  const plain = (opcode: string, w: number[]): void => {
    const value = (index: number, shape: readonly number[]) => {
      const buffer = buffers[index] as Buffer;
      return graph.constant(
        whole(index).slice(
          0,
          shape.reduce((p, s) => p * s, 1),
        ),
        shape,
        buffer.dtype,
      );
    };
    const write = (index: number, node: graph.Node): void => {
      const [data] = evaluate([node]) as [Float64Array];
      data.forEach((element, i) => {
        (buffers[index] as Buffer).set(i, element);
      });
    };
    const sparse = (v: number, i: number, e: number, [batch = 0, rows = 0, entries = 0]: readonly number[]) => ({
      values: value(v, [entries]),
      indices: value(i, [entries]),
      extents: value(e, [batch, rows, 2]),
    });
    const n = w as [number, number, number, number, number, number, number, number, number, number, number, number];
    switch (opcode) {
      case 'matmul': {
        const [batch, rows, columns, k, ta, tb, a, offsetA, b, offsetB, c, offsetC] = n;
        for (let i = 0; i < batch; i++)
          for (let r = 0; r < rows; r++)
            for (let col = 0; col < columns; col++) {
              let sum = 0;
              for (let j = 0; j < k; j++) {
                const left = (buffers[a] as Buffer).get(offsetA + i * rows * k + (ta ? j * rows + r : r * k + j));
                const right = (buffers[b] as Buffer).get(
                  offsetB + i * k * columns + (tb ? col * k + j : j * columns + col),
                );
                sum += left * right;
              }
              (buffers[c] as Buffer).set(offsetC + i * rows * columns + r * columns + col, sum);
            }
        return;
      }
      case 'conv':
      case 'convInputGradient':
      case 'convFilterGradient': {
        const [rank, batch, inC, outC, groups] = n;
        const part = (index: number): number[] => w.slice(5 + index * rank, 5 + (index + 1) * rank);
        const [inputSize, kernelSize, outputSize, strides, dilations, low, high] = [0, 1, 2, 3, 4, 5, 6].map(
          part,
        ) as number[][] as [number[], number[], number[], number[], number[], number[], number[]];
        const [x, filter, y] = w.slice(-3) as [number, number, number];
        const options = {
          strides,
          dilations,
          groups,
          padding: low.map((l, axis) => [l, high[axis] as number] as const),
        };
        const shapes = {
          x: [batch, inC, ...inputSize],
          w: [outC, inC / groups, ...kernelSize],
          y: [batch, outC, ...outputSize],
        };
        if (opcode === 'conv') write(y, graph.conv(value(x, shapes.x), value(filter, shapes.w), options));
        else if (opcode === 'convInputGradient') {
          write(x, graph.convInputGradient(value(y, shapes.y), value(filter, shapes.w), { ...options, inputSize }));
        } else
          write(filter, graph.convFilterGradient(value(x, shapes.x), value(y, shapes.y), { ...options, kernelSize }));
        return;
      }
      case 'maxPool':
      case 'averagePool':
      case 'averagePoolGradient': {
        const [rank, planes] = n;
        const part = (index: number): number[] => w.slice(2 + index * rank, 2 + (index + 1) * rank);
        const [inputSize, kernel, outputSize, strides, dilations, low, high] = [0, 1, 2, 3, 4, 5, 6].map(
          part,
        ) as number[][] as [number[], number[], number[], number[], number[], number[], number[]];
        const padding = low.map((l, axis) => [l, high[axis] as number] as const);
        const [flag, ...buffers] = w.slice(2 + 7 * rank) as [number, ...number[]];
        if (opcode === 'maxPool') {
          const windows = { kernel, strides, dilations, padding, outputSize };
          const [x, ...rest] = buffers as [number, number, number, number];
          const [indices, y] = rest.slice(flag) as [number, number];
          const planesOfX = value(x, [1, planes, ...inputSize]);
          const scale = flag === 1 ? value(rest[0], [1, planes]) : undefined;
          const found = graph.maxPoolIndices(planesOfX, windows, scale);
          const flat = (node: graph.Node): graph.Node =>
            graph.reshape(node, [planes, elementCount(node.shape.slice(2))]);
          write(indices, found);
          write(y, graph.gatherElements(flat(planesOfX), flat(found)));
          return;
        }
        const [x, y] = buffers as [number, number];
        const average = { kernel, strides, padding, countIncludePad: flag === 1, outputSize };
        if (opcode === 'averagePool') write(y, graph.averagePool(value(x, [1, planes, ...inputSize]), average));
        else write(x, graph.averagePoolGradient(value(y, [1, planes, ...outputSize]), { ...average, inputSize }));
        return;
      }
      case 'gather': {
        const [outer, size, inner, count, x, indices, y] = n;
        write(y, graph.gather(value(x, [outer, size, inner]), value(indices, [count]), 1));
        return;
      }
      case 'scatterAdd': {
        const [outer, size, inner, count, x, indices, y] = n;
        write(y, graph.scatterAdd(value(x, [outer, count, inner]), value(indices, [count]), { axis: 1, size }));
        return;
      }
      case 'gatherElements': {
        const [rows, size, count, x, indices, y] = n;
        write(y, graph.gatherElements(value(x, [rows, size]), value(indices, [rows, count])));
        return;
      }
      case 'scatterAddElements': {
        const [rows, size, count, x, indices, y] = n;
        write(y, graph.scatterAddElements(value(x, [rows, count]), value(indices, [rows, count]), { size }));
        return;
      }
      case 'setRows': {
        const [size, inner, count, target, indices, rows, y] = n;
        write(y, graph.setRows(value(target, [size, inner]), value(indices, [count]), value(rows, [count, inner])));
        return;
      }
      case 'argMax': {
        const [outer, size, inner, x, y] = n;
        write(y, graph.argMax(value(x, [outer, size, inner]), 1));
        return;
      }
      case 'warpAffine':
      case 'warpAffineGradient': {
        const [batch, channels, height, width, rows, columns, x, table, y] = n;
        const [inputSize, outputSize] = [
          [height, width],
          [rows, columns],
        ];
        const maps = value(table, [batch, 2, 3]);
        const images = (buffer: number, size: number[]): graph.Node => value(buffer, [batch, channels, ...size]);
        if (opcode === 'warpAffine') write(y, graph.warpAffine(images(x, inputSize), maps, { outputSize }));
        else write(x, graph.warpAffineGradient(images(y, outputSize), maps, { inputSize }));
        return;
      }
      case 'sparseMatmul': {
        const [batch, rows, size, columns, entries, transpose, values, indices, extents, x, y] = n;
        const matrix = sparse(values, indices, extents, [batch, rows, entries]);
        const factor = value(x, [batch, transpose === 1 ? rows : size, columns]);
        write(y, graph.sparseMatmul(matrix, factor, { transpose: transpose === 1, size }));
        return;
      }
      case 'sampledMatmul': {
        const [batch, rows, size, columns, entries, indices, extents, a, b, values] = n;
        const matrix = sparse(indices, indices, extents, [batch, rows, entries]);
        write(values, graph.sampledMatmul(matrix, value(a, [batch, rows, columns]), value(b, [batch, size, columns])));
        return;
      }
      case 'randomUniform': {
        const [count, key, y] = n;
        write(y, graph.randomUniform(value(key, [2]), [count]));
        return;
      }
      default:
        throw new Error(`unknown instruction ${opcode}`);
    }
  };

  runInstructions(0, prologueCount);
  for (step = 0; step < steps; step++) runInstructions(prologueCount, instructionCount);
}

/** One tape operation on one element. */
function scalar(op: TapeOp, a: number, b: number, c: number, immediate: number): number {
  if (op === 'constant') return immediate;
  if (op === 'where') return a !== 0 ? b : c;
  if (op === 'toFloat') return a;
  if (op === 'toInteger') return Math.trunc(a);
  if (op === 'toBool') return Number(a !== 0);
  const operands = tapeSignatures[op].takes.map((kind, index) =>
    graph.constant([index === 0 ? a : b], [], kind === 'truth' ? 'bool' : 'float32'),
  );
  const [result] = evaluate([graph.createNode(op, operands, {})]) as [Float64Array];
  return result[0] as number;
}
