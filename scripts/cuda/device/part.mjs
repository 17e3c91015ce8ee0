// What the parts of device.sh have in common: `node PART.mjs FOLDER [--quick]` writes FOLDER/PART.json, in what it has
// found by then also where it fails.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/** @param work gets whether the form is the short one, and what it finds goes into the record that it also gets */
export async function part(name, work) {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { quick: { type: 'boolean' } } });
  const [folder] = positionals;
  if (folder === undefined) throw new Error(`Usage: node scripts/cuda/device/${name}.mjs FOLDER [--quick]`);
  const found = {};
  // A part that its time ends is killed: what it has is on disk.
  const save = () => writeFile(join(folder, `${name}.json`), `${JSON.stringify(found, null, 2)}\n`);
  try {
    await work({ quick: values.quick ?? false, found, save });
  } catch (error) {
    found.failed = error instanceof Error ? error.message : String(error);
    console.error(found.failed);
    process.exitCode = 1;
  }
  await save();
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** Milliseconds of each of so many calls. */
export async function times(count, call) {
  const all = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await call();
    all.push(performance.now() - start);
  }
  return all;
}
