import { mkdtempSync, rmSync } from 'node:fs';
import { copyFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import test from 'ava';
import { writeDataFiles } from '../support/data-files.js';
import { docBlocks, readersThings, runBlock, twoHeads } from '../support/doc-blocks.js';

const blocks = docBlocks();
const network = resolve('models/mlp.onnx');
/** A small one for the README, whose example runs as long as it would on real data. */
const small = resolve('models/logreg.onnx');
const home = process.cwd();
const folder = mkdtempSync(join(tmpdir(), 'bilevel-docs-'));
test.before(async () => {
  // The code reads and writes files by their names.
  process.chdir(folder);
  await writeFile('two-heads.onnx', twoHeads());
  await writeDataFiles(folder);
});
test.after.always(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true });
});

for (const block of blocks) {
  test.serial(`${block.page}: block ${block.number} runs`, async (t) => {
    const { log } = console;
    console.log = () => undefined;
    try {
      await copyFile(block.page === 'README.md' ? small : network, join(folder, 'classifier.onnx'));
      await runBlock(block, await readersThings(block.page, network));
    } finally {
      console.log = log;
    }
    t.pass();
  });
}

test('there are blocks to run', (t) => {
  t.true(blocks.length > 10);
});
