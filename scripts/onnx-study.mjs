// Runs ONNX's own node cases, and ONNX files that are given, over importer and engine, and writes what passes into
// docs/onnx.md.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { Device } from '../dist/lib/engine/index.js';
import { known } from './onnx/differences.mjs';
import { findModels, runModel } from './onnx/models.mjs';
import { runNodeCase } from './onnx/node-case.mjs';
import { operatorTables, refusals, totalsTable } from './onnx/report.mjs';
import { publish } from './pages.mjs';

const usage = `Usage: npm run study:onnx -- [options] [FOLDER ...]

  FOLDER         whose .onnx files are run on random inputs and held against ONNX Runtime, instead of the node cases
  --python PATH  a Python that has the package onnx, which makes the cases (python3)
  --only TEXT    of the cases whose names contain this
  --write        also write the tables into docs/onnx.md
  --help         this text

Exit status 1 when a value differs for another reason than those that are known.`;

const page = new URL('../docs/onnx.md', import.meta.url);
const generator = fileURLToPath(new URL('onnx/node_cases.py', import.meta.url));

async function runNodeCases(python, only, device) {
  const folder = await mkdtemp(join(os.tmpdir(), 'onnx-cases-'));
  try {
    await promisify(execFile)(python, [generator, folder], { maxBuffer: 2 ** 26 });
    const { version, cases } = JSON.parse(await readFile(join(folder, 'index.json'), 'utf8'));
    const results = [];
    for (const each of cases.filter(({ name }) => name.includes(only))) {
      results.push({ ...each, ...(await runNodeCase(join(folder, each.name), device)) });
    }
    return { version, results };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function runFolders(folders, device) {
  const results = [];
  for (const path of (await Promise.all(folders.map(findModels))).flat()) {
    results.push({ name: path, ...(await runModel(path, device)) });
  }
  return results;
}

function tell(results) {
  for (const { name, status, problem } of results) {
    if (status !== 'passes' && status !== 'refused') console.log(`${name} ${status}: ${known.get(name) ?? problem}`);
  }
  for (const [reason, times] of refusals(results)) console.log(`${times} x refused, ${reason}`);
}

const { values: options, positionals: folders } = parseArgs({
  options: {
    python: { type: 'string', default: 'python3' },
    only: { type: 'string', default: '' },
    write: { type: 'boolean' },
    help: { type: 'boolean' },
  },
  allowPositionals: true,
});
if (options.help) {
  console.log(usage);
} else {
  const device = Device.cpu({ threads: 1 });
  const { version, results } =
    folders.length > 0
      ? { results: await runFolders(folders, device) }
      : await runNodeCases(options.python, options.only, device);
  device.dispose();
  const totals = totalsTable(
    version === undefined
      ? [['files', results]]
      : [
          ['as a node', results.filter(({ expanded }) => !expanded)],
          ['decomposed', results.filter(({ expanded }) => expanded)],
          ['together', results],
        ],
  );
  tell(results);
  console.log(`\n${totals}`);
  if (options.write && version !== undefined && options.only === '') {
    const { whole, rest } = operatorTables(results);
    const parts = [
      `The ${results.length} node cases of the Python package onnx ${version}:`,
      totals,
      `## Operators of which every case passes\n\nWith the number of cases: ${whole}`,
      `## The others\n\n${rest}`,
    ];
    await publish(page, 'onnx-cases', parts.join('\n\n'));
  }
  if (results.some(({ name, status }) => status === 'differs' && !known.has(name))) process.exitCode = 1;
}
