// What is fuzzed: for each target the files that mutants are made of, how they are damaged, what is done with a mutant,
// and the codes that an error may have. Any other error, and any other end, is a fault.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { compile } from '../../dist/lib/compile/index.js';
import { loadDataset } from '../../dist/lib/data/dataset.js';
import { parseIdx, readIdx } from '../../dist/lib/data/idx.js';
import { parseMat } from '../../dist/lib/data/mat.js';
import { encodeNpy, parseNpy } from '../../dist/lib/data/npy.js';
import { parseNpz } from '../../dist/lib/data/npz.js';
import { encodeSafetensors, parseSafetensors, toTensor } from '../../dist/lib/data/safetensors.js';
import { Device } from '../../dist/lib/engine/index.js';
import { constant, gradient, input, mul, reduceSum, topologicalOrder } from '../../dist/lib/graph/index.js';
import { Network } from '../../dist/lib/onnx/index.js';
import { penalty, readState, writeState } from '../../dist/lib/solvers/index.js';
import { RunFolder } from '../../dist/lib/study/run-folder.js';
import { elementCount, Tensor } from '../../dist/lib/tensor.js';
import { matFile } from '../../dist/test/support/mat.js';
import { modelBytes } from '../../dist/test/support/onnx/operator-case.js';
import { operatorCases } from '../../dist/test/support/onnx/operator-cases/index.js';
import { smallProblem } from '../../dist/test/support/solvers/small-problem.js';
import { damageBytes, damageMessages } from './mutate.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const fileCodes = ['INVALID_FILE', 'LIMIT_EXCEEDED'];

/** A file of its own for a mutant, removed when the process ends as it should. */
async function scratchFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'bilevel-fuzz-'));
  process.once('exit', () => rm(folder, { recursive: true, force: true }));
  return folder;
}

let scratch;
async function asFile(bytes, name) {
  scratch ??= await scratchFolder();
  const path = join(scratch, name);
  await writeFile(path, bytes);
  return path;
}

/** A model for every operator case, and the small ones of the fixtures, exporters' files. */
async function modelSeeds() {
  const seeds = operatorCases.flatMap((each) => each.opsets.slice(-1).map((opset) => modelBytes(each, opset, 0)));
  for (const name of await readdir(join(root, 'test/fixtures'))) {
    const bytes = await readFile(join(root, 'test/fixtures', name, 'model.onnx')).catch(() => undefined);
    if (bytes !== undefined && bytes.length < 2 ** 17) seeds.push(bytes);
  }
  return seeds;
}

let device;
const cpu = () => {
  device ??= Device.cpu({ threads: 1 });
  return device;
};
const mostElements = 2 ** 16;
const mostFlops = 2 ** 22;

/** Loads a model, differentiates it, compiles it where it is small and runs it where that is quick, and writes it. */
async function useModel(bytes) {
  const network = await Network.load(bytes);
  const parameters = network.parameterNodes();
  const inputs = Object.fromEntries(
    network.inputs.map(({ name, dtype }) => [name, input(`input ${name}`, network.inputShape(2, name), dtype)]),
  );
  const y = network.apply(inputs, parameters, { key: input('key', [2], 'int32') });
  network.toBytes({ ...network.initialParameters(), ...network.initialState() });
  const outputs = { y };
  if (y.dtype === 'float32' && Object.keys(parameters).length > 0) {
    const loss = reduceSum(mul(y, constant(0.5)));
    const wanted = Object.values(parameters).filter((node) => node.dtype === 'float32');
    gradient(loss, wanted).forEach((node, index) => {
      outputs[`gradient ${index}`] = node;
    });
  }
  const nodes = topologicalOrder(Object.values(outputs));
  if (nodes.length > 2000 || nodes.some(({ shape }) => elementCount(shape) > mostElements)) return;
  const compiled = compile({ outputs });
  if (compiled.cost.stepFlops + compiled.cost.prologueFlops > mostFlops) return;
  const program = cpu().load(compiled);
  const tensors = compiled.bindings.map(({ name, shape, dtype }) => [name, Tensor.zeros(shape, dtype)]);
  try {
    await program.run(Object.fromEntries(tensors));
  } finally {
    program.dispose();
  }
}

const idx = (type, shape, data) => {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header[2] = type;
  header[3] = shape.length;
  shape.forEach((size, axis) => {
    header.writeUInt32BE(size, 4 + 4 * axis);
  });
  return Buffer.concat([header, data]);
};
const idxSeeds = [
  idx(0x08, [3, 4, 5], Buffer.alloc(60, 7)),
  idx(0x08, [6], Buffer.from([0, 1, 2, 0, 1, 2])),
  idx(0x09, [2, 2], Buffer.alloc(4)),
  idx(0x0b, [4], Buffer.alloc(8)),
  idx(0x0c, [2, 3], Buffer.alloc(24)),
  idx(0x0d, [2, 1, 2, 2], Buffer.alloc(32)),
  idx(0x0e, [3], Buffer.alloc(24)),
];

const tensors = new Map([
  ['v/weight', Tensor.from([1, 2, 3, 4, 5, 6], [2, 3])],
  ['count', Tensor.from([1n, 2n])],
  ['rows', Tensor.from([3, 1], [2], 'int32')],
  ['mask', Tensor.from([1, 0, 1], [3], 'bool')],
]);

/** The four files of a data set after each other, each behind its length; the second is packed. */
const datasetFiles = [
  'train-images-idx3-ubyte',
  'train-labels-idx1-ubyte',
  't10k-images-idx3-ubyte',
  't10k-labels-idx1-ubyte',
];
function packFolder(files) {
  return Buffer.concat(
    files.flatMap((bytes) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.length);
      return [length, bytes];
    }),
  );
}
function unpackFolder(bytes) {
  const files = [];
  for (let position = 0; position + 4 <= bytes.length; ) {
    const length = Buffer.from(bytes.subarray(position, position + 4)).readUInt32LE();
    files.push(bytes.subarray(position + 4, position + 4 + length));
    position += 4 + length;
  }
  return files;
}
const images = idx(0x08, [6, 2, 2], Buffer.from(Array.from({ length: 24 }, (_, index) => 10 * index)));
const labels = idx(0x08, [6], Buffer.from([0, 1, 2, 0, 1, 2]));

const table = `width,colour,day,kind
1.5,red,2024-01-31,rose
-2,"bl,ue",2024-02-01,tulip
NA,red,,rose
`;

/** The same table with a column of every type, in groups of rows, packed and not. */
const parquetTables = ['SNAPPY', 'UNCOMPRESSED'].map(
  (codec) =>
    new Uint8Array(
      parquetWriteBuffer({
        codec,
        rowGroupSize: 40,
        columnData: [
          {
            name: 'width',
            data: Array.from({ length: 99 }, (_, row) => (row % 7 ? row / 3 : null)),
            type: 'DOUBLE',
            nullable: true,
          },
          { name: 'colour', data: Array.from({ length: 99 }, (_, row) => ['red', 'blue'][row % 2]), type: 'STRING' },
          { name: 'count', data: Array.from({ length: 99 }, (_, row) => row * row), type: 'INT32' },
          { name: 'kind', data: Array.from({ length: 99 }, (_, row) => row % 3 === 0), type: 'BOOLEAN' },
        ],
      }),
    ),
);

const configuration = { data: 'mnist', seed: 0, penalty: { gamma: 0.01, sizes: [5000, 5000] } };
const runFiles = ['config.json', 'metrics.jsonl', 'state.safetensors'];

let solver;
const smallSolver = () => {
  solver ??= penalty(smallProblem(), { lowerSteps: 2 }, { device: cpu() });
  return solver;
};

async function withSeedFile(write, name = 'seed') {
  const path = await asFile('', name);
  await write(path);
  return readFile(path);
}

export const targets = {
  onnx: {
    seeds: modelSeeds,
    damage: damageMessages,
    codes: [
      ...fileCodes,
      'UNSUPPORTED_OPERATOR',
      'SHAPE_MISMATCH',
      'INVALID_DATA',
      'INVALID_ARGUMENT',
      'NOT_DIFFERENTIABLE',
      'INDEX_OUT_OF_RANGE',
    ],
    execute: useModel,
  },
  idx: {
    seeds: () => [...idxSeeds, ...idxSeeds.map((bytes) => gzipSync(bytes))],
    damage: damageBytes,
    codes: fileCodes,
    async execute(bytes) {
      if (bytes[0] === 0) parseIdx(bytes);
      else await readIdx(await asFile(bytes, 'idx'));
    },
  },
  dataset: {
    seeds: () => [packFolder([images, labels, images, labels]), packFolder([images, gzipSync(labels), images, labels])],
    damage(random, bytes, other) {
      const files = unpackFolder(bytes);
      const at = random.integer(files.length);
      const donors = unpackFolder(other);
      return packFolder(files.with(at, damageBytes(random, files[at], donors[random.integer(donors.length)])));
    },
    codes: [...fileCodes, 'INVALID_DATA', 'NOT_FOUND'],
    async execute(bytes) {
      scratch ??= await scratchFolder();
      const files = unpackFolder(bytes);
      for (const [index, name] of datasetFiles.entries()) {
        await writeFile(join(scratch, name), files[index] ?? new Uint8Array(0));
      }
      await loadDataset(`idx:${scratch}`);
    },
  },
  table: {
    seeds: () => [Buffer.from(table), gzipSync(table), Buffer.from(table.replaceAll(',', ';'))],
    damage: damageBytes,
    codes: [...fileCodes, 'INVALID_DATA', 'INVALID_ARGUMENT'],
    async execute(bytes) {
      const options = { label: 'kind', ignore: ['day'], missing: 'impute' };
      await loadDataset(await asFile(bytes, 'table.csv'), options);
    },
  },
  parquet: {
    seeds: () => parquetTables,
    damage: damageBytes,
    codes: [...fileCodes, 'INVALID_DATA', 'INVALID_ARGUMENT'],
    async execute(bytes) {
      await loadDataset(await asFile(bytes, 'table.parquet'), { label: 'kind', missing: 'impute' });
    },
  },
  matlab: {
    seeds() {
      const arrays = {
        X: { shape: [2, 3, 3, 2], data: Uint8Array.from({ length: 36 }, (_, at) => 7 * at) },
        y: { shape: [2, 1], data: Float64Array.of(10, 3), kind: 6 },
        note: { shape: [1, 2], data: Uint8Array.of(65, 66), kind: 4 },
      };
      return [true, false].map((packed) => matFile(arrays, { packed }));
    },
    damage: damageBytes,
    codes: fileCodes,
    async execute(bytes) {
      await parseMat(bytes);
    },
  },
  numpy: {
    seeds() {
      const arrays = [...tensors].map(([name, tensor]) => [`${name}.npy`, encodeNpy(tensor)]);
      return [
        ...arrays.map(([, bytes]) => bytes),
        zipSync(Object.fromEntries(arrays)),
        zipSync(Object.fromEntries(arrays), { level: 0 }),
      ];
    },
    damage: damageBytes,
    codes: fileCodes,
    execute(bytes) {
      if (bytes[0] === 0x50) parseNpz(bytes);
      else parseNpy(bytes);
    },
  },
  safetensors: {
    seeds: () => [encodeSafetensors(tensors, { note: 'a text' }), encodeSafetensors(new Map())],
    damage: damageBytes,
    codes: [...fileCodes, 'INVALID_DATA'],
    execute(bytes) {
      for (const [name, entry] of parseSafetensors(bytes).tensors) toTensor(name, entry);
    },
  },
  checkpoint: {
    async seeds() {
      const state = smallSolver().init();
      await smallSolver().step(state);
      const values = { step: 1 };
      return [
        await withSeedFile((path) => writeState(path, smallSolver().serialize(state))),
        await withSeedFile((path) => writeState(path, { tensors, values })),
      ];
    },
    damage: damageBytes,
    codes: [...fileCodes, 'STATE_MISMATCH'],
    async execute(bytes) {
      smallSolver().restore(await readState(await asFile(bytes, 'state.safetensors')));
    },
  },
  'run-folder': {
    async seeds() {
      scratch ??= await scratchFolder();
      const path = join(scratch, 'seed-run');
      const folder = await RunFolder.create(path, configuration);
      await folder.appendMetrics({ step: 1, f: 0.5, g: Number.NaN });
      await folder.saveState({ tensors, values: { step: 1 } });
      await folder.appendMetrics({ step: 2, f: 0.25 });
      await folder.close();
      return [packFolder(await Promise.all(runFiles.map((name) => readFile(join(path, name)))))];
    },
    damage(random, bytes) {
      const files = unpackFolder(bytes);
      const at = random.integer(files.length);
      return packFolder(files.with(at, damageBytes(random, files[at], files[random.integer(files.length)])));
    },
    codes: [...fileCodes, 'STATE_MISMATCH'],
    async execute(bytes) {
      scratch ??= await scratchFolder();
      const path = join(scratch, 'run');
      await rm(path, { recursive: true, force: true });
      await mkdir(path);
      const files = unpackFolder(bytes);
      for (const [index, name] of runFiles.entries()) await writeFile(join(path, name), files[index]);
      const { folder } = await RunFolder.resume(path, configuration);
      try {
        await folder.readMetrics();
      } finally {
        await folder.close();
      }
    },
  },
};
