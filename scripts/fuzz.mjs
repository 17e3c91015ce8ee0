// Damages files and programs in many ways and tries what becomes of each: a result, or an error with a known code,
// within bounds of time and memory. Prints how many were tried and keeps those that are faults.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { campaign } from './fuzz/campaign.mjs';
import { buildFuzzer, fuzzPrograms } from './fuzz/native.mjs';
import { targets } from './fuzz/targets.mjs';
import { publish, table } from './pages.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const names = ['programs', ...Object.keys(targets)];
const usage = `Usage: npm run fuzz -- [options]

  --minutes N     time for all targets together (30); half of it goes to programs and ONNX files
  --mutants N     in place of a time: so many of each target, ten times as many programs, the same ones every time
  --seed N        chooses the mutants (0)
  --only LIST     targets with commas between them: ${names.join(', ')}
  --out FOLDER    where faults are kept (build/fuzz-faults)
  --write         also write the figures into docs/reliability.md
  --help          this text`;

const { values: given } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    mutants: { type: 'string' },
    seed: { type: 'string', default: '0' },
    only: { type: 'string', default: names.join() },
    out: { type: 'string', default: join(root, 'build/fuzz-faults') },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const chosen = given.only.split(',');
const [seed, minutes] = [Number(given.seed), Number(given.minutes)];
const mutants = given.mutants === undefined ? undefined : Number(given.mutants);
const isWrong =
  !chosen.every((name) => names.includes(name)) ||
  ![seed, mutants ?? 0].every((value) => Number.isSafeInteger(value) && value >= 0) ||
  !(minutes > 0);
if (given.help || isWrong) {
  console.log(usage);
  process.exit(given.help ? 0 : 1);
}

/** Programs and models are the large formats. */
const weight = (name) => (name === 'programs' || name === 'onnx' ? 4 : 1);
const total = chosen.reduce((sum, name) => sum + weight(name), 0);
const results = [];
for (const name of chosen) {
  const limits = mutants === undefined ? { seconds: (60 * minutes * weight(name)) / total } : { mutants };
  const options = { seed, out: given.out, ...limits };
  let result;
  if (name === 'programs') {
    const fuzzer = buildFuzzer(root);
    if (fuzzer.missing !== undefined) {
      console.log(`${name}: skipped, ${fuzzer.missing}; install clang with its runtime libraries`);
      continue;
    }
    result = fuzzPrograms(fuzzer, { ...options, ...(mutants !== undefined && { mutants: 10 * mutants }) });
  } else {
    result = await campaign(name, options);
  }
  const outcomes = Object.entries(result.counts).map(([outcome, count]) => `${outcome} ${count}`);
  console.log(
    `${name}: ${result.tried} tried from ${result.seeds} seeds, ${result.faults.length} faults; ${outcomes.join(', ')}`,
  );
  for (const { index, reason, file } of result.faults) console.log(`  mutant ${index}, kept as ${file}: ${reason}`);
  results.push(result);
}
if (given.write) {
  const rows = results.map(({ name, seeds, tried, counts, faults }) => {
    const { accepted, fault, ...refused } = counts;
    const codes = Object.entries(refused).toSorted(([, a], [, b]) => b - a);
    const outcomes = codes.map(([code, count]) => `${count} ${name === 'programs' ? code : `\`${code}\``}`);
    if (accepted !== undefined) outcomes.unshift(`${accepted} accepted`);
    return [`\`${name}\``, String(seeds), String(tried), outcomes.join(', '), String(fault ?? faults.length)];
  });
  const text = table(['target', 'seeds', 'tried', 'outcomes', 'faults'], rows);
  await publish(new URL('../docs/reliability.md', import.meta.url), 'fuzz', text);
}
process.exitCode = results.some(({ faults }) => faults.length > 0) ? 1 : 0;
