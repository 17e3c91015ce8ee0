// Single bits of the files of a stopped run flipped, and the files cut, in every region: what is changed is noticed.
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BilevelError } from '../../dist/lib/errors.js';
import { RunFolder } from '../../dist/lib/study/run-folder.js';

const files = ['config.json', 'metrics.jsonl', 'state.safetensors'];

/** Where the checkpoint's file is what. */
function regionsOf(state) {
  const header = 8 + Number(state.readBigUInt64LE(0));
  return {
    'length of the header': ['state.safetensors', 0, 8],
    header: ['state.safetensors', 8, header],
    'tensor data': ['state.safetensors', header, state.length],
  };
}

async function read(folder, configuration) {
  const { folder: run, state } = await RunFolder.resume(folder, configuration);
  try {
    return JSON.stringify([
      [...(state?.tensors ?? [])].map(([name, tensor]) => [
        name,
        tensor.dtype,
        tensor.shape,
        tensor.toArray().map(String),
      ]),
      state?.values,
      await run.readMetrics(),
    ]);
  } finally {
    await run.close();
  }
}

/**
 * @param whole folder of a run that has ended
 * @returns for each region how many kinds of damage were tried, refused, and changed nothing; and those accepted
 *   although they changed something
 */
export async function damageCheckpoint({ parent }, { flips }) {
  const [whole, folder] = [join(parent, 'whole'), join(parent, 'damaged')];
  const configuration = JSON.parse(await readFile(join(whole, 'config.json'), 'utf8'));
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
  for (const name of files) await cp(join(whole, name), join(folder, name));
  const content = Object.fromEntries(
    await Promise.all(files.map(async (name) => [name, await readFile(join(whole, name))])),
  );
  const expected = await read(folder, configuration);
  const regions = {
    ...regionsOf(content['state.safetensors']),
    metrics: ['metrics.jsonl', 0, content['metrics.jsonl'].length],
    configuration: ['config.json', 0, content['config.json'].length],
  };
  const figures = {};
  const attempt = async (region, name, bytes, what) => {
    figures[region] ??= { tried: 0, refused: 0, harmless: 0, wrong: [] };
    const figure = figures[region];
    figure.tried++;
    await writeFile(join(folder, name), bytes);
    try {
      if ((await read(folder, configuration)) === expected) figure.harmless++;
      else figure.wrong.push(`${what} is accepted`);
    } catch (error) {
      if (!(error instanceof BilevelError)) throw error;
      const codes = ['INVALID_FILE', 'LIMIT_EXCEEDED', 'STATE_MISMATCH'];
      if (codes.includes(error.code)) figure.refused++;
      else figure.wrong.push(`${what} gives ${error.code}`);
    }
    for (const each of files) await writeFile(join(folder, each), content[each]);
  };
  for (const [region, [name, from, to]] of Object.entries(regions)) {
    const bits = 8 * (to - from);
    for (let flip = 0; flip < Math.min(flips, bits); flip++) {
      // Evenly over the region, every bit of a byte as often.
      const bit = Math.floor((flip * bits) / Math.min(flips, bits));
      const bytes = Buffer.from(content[name]);
      bytes[from + (bit >> 3)] ^= 1 << (flip & 7);
      await attempt(region, name, bytes, `bit ${flip & 7} of byte ${from + (bit >> 3)}`);
    }
  }
  const state = content['state.safetensors'];
  for (let cut = 0; cut < flips; cut++) {
    const length = Math.floor((cut * state.length) / flips);
    await attempt('cut off', 'state.safetensors', state.subarray(0, length), `a checkpoint of ${length} bytes`);
  }
  return figures;
}
