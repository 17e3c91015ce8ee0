// What the scripts of studies share beside their pages: making runs, keeping results, and what they were measured on.
import { existsSync } from 'node:fs';
import { appendFile, mkdir, readFile } from 'node:fs/promises';
import os from 'node:os';
import { dirname, join } from 'node:path';
import { Progress } from '../dist/lib/cli/progress.js';
import { jobsOf, parseShard, runStudy } from '../dist/lib/study/index.js';
import { holdsRun } from '../dist/lib/study/run-files.js';

/** What `--shard` of a script asks for: whether each of its items is in the part; all are where it is not given. */
export function itemsOf(items, text = '1/1') {
  const chosen = new Set(jobsOf(items, parseShard(text)));
  return (item) => chosen.has(item);
}

/** The results of a study, or of a part, of which the runs that its folder lacks are made. */
export async function completeStudy(study, settings, out, device, shard) {
  const resume = study.jobs(settings).some(({ path }) => holdsRun(join(out, path)));
  const progress = new Progress(false);
  try {
    const options = { out, resume, device, report: progress.update.bind(progress), ...(shard && { shard }) };
    return (await runStudy(study, settings, options)).results;
  } finally {
    progress.stop();
  }
}

/** Results by what they are of, each kept as a line of JSON in the file as soon as it is there. */
export class KeptResults {
  #file;
  #keyOf;
  #results;

  constructor(file, keyOf, results) {
    this.#file = file;
    this.#keyOf = keyOf;
    this.#results = new Map(results.map((result) => [keyOf(result), result]));
  }

  /** With what the file holds, where it exists. */
  static async open(file, keyOf) {
    await mkdir(dirname(file), { recursive: true });
    const text = existsSync(file) ? await readFile(file, 'utf8') : '';
    const lines = text.split('\n').filter((line) => line !== '');
    return new KeptResults(
      file,
      keyOf,
      lines.map((line) => JSON.parse(line)),
    );
  }

  get(key) {
    return this.#results.get(key);
  }

  get all() {
    return [...this.#results.values()];
  }

  async add(result) {
    this.#results.set(this.#keyOf(result), result);
    await appendFile(this.#file, `${JSON.stringify(result)}\n`);
  }
}

export const processor = () => os.cpus()[0]?.model.trim() ?? 'an unknown processor';

/** `1 thread`, or of more. */
export const threadsText = (threads) => `${threads} thread${Number(threads) === 1 ? '' : 's'}`;
