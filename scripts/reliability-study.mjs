// What becomes of runs that are killed, whose disk is full, whose files are damaged, or that share a folder. Ends with
// status 1 when anything was not as docs/reliability.md says.
import { parseArgs } from 'node:util';
import { publish, table } from './pages.mjs';
import { damageCheckpoint } from './reliability/damage.mjs';
import { fillDisk } from './reliability/full-disk.mjs';
import { killRuns } from './reliability/kills.mjs';
import { withReference } from './reliability/run.mjs';
import { runTogether } from './reliability/together.mjs';

const usage = `Usage: npm run study:reliability -- [options]

  --kills N      processes that are killed (100)
  --stride N     every how manieth operation on files finds the disk full (1)
  --flips N      bits that are flipped in each region of a checkpoint (200)
  --rounds N     how often several processes share a folder (20)
  --seed N       chooses when processes are killed (0)
  --write        also write the table into docs/reliability.md
  --help         this text`;

const { values: given } = parseArgs({
  options: {
    kills: { type: 'string', default: '100' },
    stride: { type: 'string', default: '1' },
    flips: { type: 'string', default: '200' },
    rounds: { type: 'string', default: '20' },
    seed: { type: 'string', default: '0' },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const [kills, stride, flips, rounds, seed] = ['kills', 'stride', 'flips', 'rounds', 'seed'].map((key) =>
  Number(given[key]),
);
if (given.help || ![kills, stride, flips, rounds].every((value) => Number.isSafeInteger(value) && value > 0)) {
  console.log(usage);
  process.exit(given.help ? 0 : 1);
}

const rows = [];
const wrong = [];
function report(what, tried, right, faults) {
  rows.push([what, String(tried), right, String(faults.length)]);
  wrong.push(...faults.map((fault) => `${what}: ${fault}`));
}

await withReference(async (reference) => {
  const killed = await killRuns(reference, { count: kills, seed });
  report(
    'kill -9 at a random point',
    killed.killed,
    `${killed.ended} of ${killed.resumed} runs ended with the same bits`,
    killed.wrong,
  );
  const full = await fillDisk(reference, { stride });
  report(
    `disk full from one of ${full.operations} operations on`,
    full.tried,
    `\`IO_ERROR\`; ${full.tried - full.wrong.length} went on and ended with the same bits`,
    full.wrong,
  );
  for (const [region, figure] of Object.entries(await damageCheckpoint(reference, { flips }))) {
    const what = region === 'cut off' ? 'checkpoint cut off' : `bit flipped: ${region}`;
    report(
      what,
      figure.tried,
      `${figure.refused} refused, ${figure.harmless} changed nothing that is read`,
      figure.wrong,
    );
  }
  const together = await runTogether(reference, { rounds, processes: 2 });
  report(
    'two processes go on with one folder',
    together.rounds,
    `${together.right} times one did, the other was told`,
    together.wrong,
  );
});

const text = table(['what happens', 'tried', 'what comes of it', 'faults'], rows);
console.log(text);
for (const fault of wrong) console.error(fault);
if (given.write) await publish(new URL('../docs/reliability.md', import.meta.url), 'study', text);
process.exitCode = wrong.length > 0 ? 1 : 0;
