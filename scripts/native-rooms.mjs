// The rooms of native/: which folder may include which. Prints the includes that are not allowed, and fails if there
// are any.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Every folder of native/, or a file with rights of its own, and the folders that it may include besides itself. A
 * folder stands behind all that it may include, so that no circle can arise.
 */
export const rooms = {
  program: [],
  engine: ['program'],
  scalar: [],

  'cpu/kernel': ['engine', 'program'],
  'cpu/windows': ['cpu/kernel', 'program'],
  'cpu/onednn': ['cpu/kernel', 'program'],
  'cpu/vector': ['scalar', 'cpu/kernel', 'program'],
  'cpu/indexing': ['cpu/vector', 'cpu/kernel', 'program'],
  'cpu/fused': ['cpu/vector', 'cpu/kernel', 'program'],
  'cpu/matmul': ['cpu/onednn', 'cpu/kernel', 'program'],
  'cpu/pool': ['cpu/vector', 'cpu/windows', 'cpu/kernel', 'program'],
  'cpu/sparse': ['cpu/kernel', 'program'],
  'cpu/warp': ['cpu/kernel', 'program'],
  'cpu/ranks': ['cpu/kernel', 'engine', 'program'],
  'cpu/conv/direct': ['cpu/windows', 'cpu/kernel'],
  'cpu/conv/tiled': ['cpu/windows', 'cpu/kernel'],
  'cpu/conv': ['cpu/conv/direct', 'cpu/conv/tiled', 'cpu/onednn', 'cpu/windows', 'cpu/kernel', 'program'],
  cpu: [
    ...['cpu/conv', 'cpu/conv/direct', 'cpu/conv/tiled', 'cpu/fused', 'cpu/indexing', 'cpu/matmul', 'cpu/pool'],
    ...['cpu/ranks', 'cpu/sparse', 'cpu/vector', 'cpu/warp', 'cpu/onednn', 'cpu/kernel', 'engine', 'program'],
  ],

  mpi: ['engine', 'program'],

  'cuda/kernels': ['scalar'],
  'cuda/codegen': ['program'],
  'cuda/cache': [],
  'cuda/libraries': ['program'],
  'cuda/context': ['cuda/libraries', 'program'],
  'cuda/compile': ['cuda/context', 'cuda/libraries', 'cuda/cache', 'cuda/codegen', 'program'],
  'cuda/execute': ['cuda/compile', 'cuda/context', 'cuda/codegen', 'engine', 'program'],
  cuda: ['cuda/execute', 'cuda/codegen', 'cuda/libraries', 'engine', 'program'],

  addon: ['engine', 'program'],
  'addon/ranks.cpp': ['mpi'],
  'addon/engines.cpp': ['cpu', 'cuda', 'mpi'],

  'test/support': ['engine', 'program'],
  'test/emulation': [],
  'test/declarations': ['cuda/libraries'],
  'test/fake_cuda': ['test/emulation', 'cuda/libraries'],
  'fuzz/gomp': [],
  fuzz: ['cpu', 'cpu/kernel', 'program', 'test/support'],
  'test/program': ['program', 'test/support'],
  'test/engine': ['engine', 'program', 'test/support'],
  'test/cpu': [
    ...['fuzz', 'test/support', 'cpu', 'cpu/conv', 'cpu/conv/direct', 'cpu/conv/tiled', 'cpu/fused', 'cpu/matmul'],
    ...['cpu/onednn', 'cpu/pool', 'cpu/sparse', 'cpu/vector', 'cpu/warp', 'cpu/kernel', 'engine', 'program'],
  ],
  'test/cuda': [
    ...['test/cpu', 'test/emulation', 'test/fake_cuda', 'test/support', 'cuda/cache', 'cuda/codegen'],
    ...['cuda/context', 'cuda/execute', 'cuda/libraries', 'cuda', 'engine', 'program'],
  ],
};

/**
 * What is wrong with `sources`, pairs of a path below native/ and a text, or with the table of rooms: includes that it
 * does not allow, circles, and rights that nobody uses.
 * @returns {string[]} one line each
 */
export function wrongIncludes(sources, table = rooms) {
  const names = Object.keys(table);
  const wrong = names.flatMap((room, position) =>
    table[room]
      .filter((allowed) => !names.slice(0, position).includes(allowed))
      .map((allowed) => `the room ${room} stands before ${allowed}, which it may include`),
  );
  const used = new Set();
  for (const [path, text] of sources) {
    const own = dirname(path);
    const room = path in table ? path : own;
    if (!(room in table)) wrong.push(`${path} lies in no room`);
    for (const [, included] of text.matchAll(/^\s*#include "([^"]+)"/gm)) {
      const other = dirname(included);
      if (other === own) continue;
      used.add(`${room} ${other}`);
      if (!table[room]?.includes(other)) wrong.push(`${path} may not include ${included}`);
    }
  }
  for (const room of names) {
    for (const allowed of table[room].filter((other) => !used.has(`${room} ${other}`))) {
      wrong.push(`nothing in ${room} includes a file of ${allowed}`);
    }
  }
  return wrong;
}

/** All sources below native/. */
export function nativeSources() {
  const native = fileURLToPath(new URL('../native', import.meta.url));
  return readdirSync(native, { recursive: true })
    .filter((path) => /\.(cpp|h|inc|cuh)$/.test(path))
    .map((path) => path.replaceAll('\\', '/'))
    .map((path) => [path, readFileSync(join(native, path), 'utf8')]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const wrong = wrongIncludes(nativeSources());
  for (const line of wrong) console.error(line);
  if (wrong.length > 0) process.exitCode = 1;
}
