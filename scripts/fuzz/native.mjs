// The decoder and verifier of programs, and a run of what they accept, under libFuzzer.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { compile } from '../../dist/lib/compile/index.js';
import { programCases } from '../../dist/test/support/engine/programs.js';

function run(command, args, options = {}) {
  return spawnSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 28, ...options });
}

/** Builds the fuzzer. @returns its folder, or why there is none */
export function buildFuzzer(root) {
  const clang = process.env.CXX_FUZZ ?? 'clang++';
  if (run(clang, ['--version']).status !== 0) return { missing: `there is no ${clang}` };
  const build = join(root, 'build/fuzz');
  const configure = run('cmake', [
    ...['-S', root, '-B', build, `-DCMAKE_CXX_COMPILER=${clang}`, '-DCMAKE_BUILD_TYPE=RelWithDebInfo'],
    ...['-DBILEVEL_ADDON=OFF', '-DBILEVEL_FUZZ=ON', '-DBILEVEL_SANITIZE=address,undefined'],
  ]);
  if (/bilevel_fuzz_program is skipped/.test(configure.stderr)) return { missing: `${clang} has no libFuzzer` };
  const made = run('cmake', [
    ...['--build', build, '--parallel', String(availableParallelism())],
    ...['--target', 'bilevel_fuzz_program', 'bilevel_fuzz_corpus'],
  ]);
  if (configure.status !== 0 || made.status !== 0) {
    throw new Error(`The fuzzer does not build:\n${configure.stderr}${made.stdout}${made.stderr}`);
  }
  return { build };
}

/** What the fuzzer begins with: the programs of the native tests, and compiled ones. */
function writeCorpus(build, folder) {
  mkdirSync(folder, { recursive: true });
  const samples = run(join(build, 'bilevel_fuzz_corpus'), [folder]);
  if (samples.status !== 0) throw new Error(samples.stderr);
  for (const [index, { spec }] of programCases().entries()) {
    const { words, constants } = compile(spec);
    const count = Buffer.alloc(4);
    count.writeUInt32LE(words.length);
    const parts = [count, new Uint8Array(words.buffer, words.byteOffset, words.byteLength), constants];
    writeFileSync(join(folder, `compiled-${index}`), Buffer.concat(parts));
  }
}

/**
 * Fuzzes for so long, or so many runs; what was found is kept in `out`. The corpus stays in the build folder and grows.
 */
export function fuzzPrograms({ build }, { seed, mutants, seconds, out }) {
  const corpus = join(build, 'corpus');
  writeCorpus(build, corpus);
  const seeds = readdirSync(corpus).length;
  mkdirSync(out, { recursive: true });
  const limit = mutants === undefined ? `-max_total_time=${Math.ceil(seconds)}` : `-runs=${mutants}`;
  const options = [`-seed=${seed + 1}`, limit, '-max_len=65536', '-timeout=20', '-rss_limit_mb=3072', '-verbosity=0'];
  const env = {
    ...process.env,
    ASAN_OPTIONS: 'allocator_may_return_null=1:detect_leaks=1',
    UBSAN_OPTIONS: 'print_stacktrace=1',
  };
  const prefix = `-artifact_prefix=${out}/programs-`;
  const { status, stderr } = run(
    join(build, 'bilevel_fuzz_program'),
    [corpus, ...options, '-print_final_stats=1', prefix],
    { env },
  );
  const tried = Number(/number_of_executed_units:\s*(\d+)/.exec(stderr)?.[1] ?? 0);
  const file = /Test unit written to (.*)/.exec(stderr)?.[1];
  const faults = status === 0 ? [] : [{ index: tried, reason: stderr.slice(-6000), file }];
  return { name: 'programs', seeds, tried, counts: { 'distinct paths': readdirSync(corpus).length }, faults };
}
