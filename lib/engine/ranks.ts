import { existsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import type { EncodedProgram } from '../encoded.js';
import { BilevelError, checkKeys, invalidArgument } from '../errors.js';
import { packageRoot } from '../package-root.js';
import { Tensor } from '../tensor.js';
import { loadAddon } from './addon.js';
import { launched } from './launcher.js';
import { callNative } from './native-error.js';
import type { Program } from './program.js';
import { sumProgram } from './sum-program.js';

/** How ranks are joined. */
export interface JoinOptions {
  /**
   * Whole seconds after which a sum that others do not come to fails with RANKS_LOST, which names them; 600 by default.
   * One rank may take longer than the others for what it does alone.
   */
  readonly timeoutSeconds?: number;
}

/** The process's, which is joined once. */
let joined: Ranks | undefined;

/**
 * Joins the processes that `mpirun`, `srun` or `flux run` started together, each with the same program: on a device
 * that has the ranks solvers work on a part of each mini-batch, and have the same results on all. A process that was
 * started alone gets undefined, and the same program runs without MPI.
 * @throws DEVICE_UNAVAILABLE where processes were started together but the package was built without MPI, or they do
 *   not find each other; UNKNOWN_OPTION; INVALID_ARGUMENT
 */
export function joinRanks(options: JoinOptions = {}): Ranks | undefined {
  checkKeys(options, ['timeoutSeconds'], 'joinRanks');
  const { timeoutSeconds = 600 } = options;
  if (!Number.isInteger(timeoutSeconds) || timeoutSeconds < 1 || timeoutSeconds > 0x7fffffff) {
    throw invalidArgument('timeoutSeconds', 'a positive integer', timeoutSeconds);
  }
  const known = launched();
  if (joined !== undefined || known === undefined) return joined;
  const { rank, hosts } = callNative(() => loadAddon().joinRanks(libraryFile(), timeoutSeconds));
  if (known.size !== undefined && known.size !== hosts.length) {
    throw new BilevelError(
      'DEVICE_UNAVAILABLE',
      `${known.size} processes were started together but MPI knows of ${hosts.length}: the launcher is not of the MPI that the ` +
        'package was built with. Use its mpirun, or srun --mpi=pmix, or build again with the MPI of the launcher: npm run build:native.',
    );
  }
  joined = new Ranks(rank, hosts);
  endTogether(joined);
  return joined;
}

/** Ends the processes of all ranks, if this one has joined them: for one that cannot go on. */
export function abortRanks(): void {
  joined?.abort();
}

/** The library that is built beside the addon where MPI is found. */
function libraryFile(): string {
  const file = process.env.BILEVEL_MPI || join(packageRoot(), 'build', 'Release', 'bilevel_mpi.so');
  if (existsSync(file)) return file;
  throw new BilevelError(
    'DEVICE_UNAVAILABLE',
    `A launcher started several processes together, but ${file} is not there: the package was built without MPI. Install MPI with ` +
      'its compiler (on Debian: apt-get install libopenmpi-dev) and build again: npm run build:native. To run each process by ' +
      'itself, start it without the launcher.',
  );
}

/** A process that fails must not leave the others waiting; one that ends in peace waits for them. */
function endTogether(ranks: Ranks): void {
  let failure: unknown;
  process.on('uncaughtExceptionMonitor', (error) => {
    failure = error;
  });
  process.once('exit', () => {
    if (failure === undefined) return loadAddon().leaveRanks(0);
    // Node would print it behind this.
    writeSync(2, `On ${ranks.name}: ${inspect(failure)}\n`);
    ranks.abort();
  });
}

/** Processes that compute together. They come from {@link joinRanks}; a device is given them. */
export class Ranks {
  /** Which of them this process is, from 0 on. */
  readonly rank: number;
  /** The name of the host of each. */
  readonly hosts: readonly string[];
  #load: ((program: EncodedProgram) => Program) | undefined;
  readonly #programs = new Map<number, Program>();
  readonly #wishes = new Map<AbortSignal, AbortController>();
  readonly #agreed = new WeakSet<AbortSignal>();

  constructor(rank: number, hosts: readonly string[]) {
    this.rank = rank;
    this.hosts = hosts;
  }

  /** How many there are. */
  get size(): number {
    return this.hosts.length;
  }

  /** How many of them are on this host. */
  get neighbours(): number {
    return this.hosts.filter((host) => host === this.hosts[this.rank]).length;
  }

  /** Which of those on its host this process is, from 0 on. */
  get localRank(): number {
    return this.hosts.slice(0, this.rank).filter((host) => host === this.hosts[this.rank]).length;
  }

  /** Its name for messages: `rank 1 of 4 on node7`. */
  get name(): string {
    return `rank ${this.rank} of ${this.size} on ${this.hosts[this.rank]}`;
  }

  /**
   * The sums that this process has taken part in so far: how many, and the bytes of its operands. Of n ranks each sends
   * about 2 (n - 1) / n of these bytes, and receives as many.
   */
  get sums(): { readonly calls: number; readonly bytes: number } {
    return loadAddon().sumsOfRanks();
  }

  /** Called by a device that is given them, which then computes their sums; the last one counts. */
  attach(load: (program: EncodedProgram) => Program): void {
    this.#load = load;
    this.#programs.clear();
  }

  /** The sum of what each rank gives, float32. All must call it alike. @throws RANKS_LOST; DISPOSED */
  async sum(values: readonly number[]): Promise<number[]> {
    const x = Tensor.from(values);
    const y = Tensor.zeros([values.length]);
    await this.#sumOf(values.length).run({ x, y });
    return Array.from(y.data as Float32Array);
  }

  #sumOf(count: number): Program {
    const known = this.#programs.get(count);
    if (known !== undefined) return known;
    if (this.#load === undefined) throw new RangeError('The ranks have no device yet.');
    const program = this.#load(sumProgram(count));
    this.#programs.set(count, program);
    return program;
  }

  /** What each rank says, on all of them. @throws RANKS_LOST; DISPOSED */
  async gather(text: string): Promise<string[]> {
    const own = new TextEncoder().encode(text);
    const slots = Array.from({ length: this.size }, () => 0);
    const lengths = await this.sum(slots.with(this.rank, own.length));
    const starts = lengths.map((_, rank) => lengths.slice(0, rank).reduce((sum, length) => sum + length, 0));
    const [total = 0] = [lengths.reduce((sum, length) => sum + length, 0)];
    const bytes = new Array<number>(Math.max(1, total)).fill(0);
    for (const [index, byte] of own.entries()) bytes[(starts[this.rank] as number) + index] = byte;
    const all = Uint8Array.from(await this.sum(bytes));
    return starts.map((start, rank) =>
      new TextDecoder().decode(all.subarray(start, start + (lengths[rank] as number))),
    );
  }

  /**
   * Checks that all ranks were started alike.
   * @param facts what must be the same, by what it is: `{ 'the version': '1.0' }`
   * @throws RANKS_LOST on all, naming a rank that differs, its host and in what
   */
  async requireSame(facts: Readonly<Record<string, string>>): Promise<void> {
    const all = (await this.gather(JSON.stringify(facts))).map((text) => JSON.parse(text) as Record<string, string>);
    const [first = {}] = all;
    for (const [rank, each] of all.entries()) {
      const fact = Object.keys({ ...first, ...each }).find((name) => each[name] !== first[name]);
      if (fact === undefined) continue;
      throw new BilevelError(
        'RANKS_LOST',
        `Rank ${rank} on ${this.hosts[rank]} differs from rank 0 on ${this.hosts[0]} in ${fact}: ${each[fact] ?? 'none'} instead of ` +
          `${first[fact] ?? 'none'}. Start all with the same package, options and files, on processors of one kind.`,
      );
    }
  }

  /**
   * A signal that is aborted on all ranks at one point of their program, the next {@link agree}, once this one is
   * aborted on any of them: ranks that stop apart would wait for each other. Solvers make one of each signal that they
   * are given.
   */
  agreed(signal: AbortSignal): AbortSignal {
    if (this.#agreed.has(signal)) return signal;
    const known = this.#wishes.get(signal);
    if (known !== undefined) return known.signal;
    const controller = new AbortController();
    this.#wishes.set(signal, controller);
    this.#agreed.add(controller.signal);
    return controller.signal;
  }

  /** Finds out whether any rank is to stop. All must call it alike. @throws RANKS_LOST; DISPOSED */
  async agree(): Promise<void> {
    const wish = [...this.#wishes.keys()].find(({ aborted }) => aborted);
    const [wishes = 0] = await this.sum([wish === undefined ? 0 : 1]);
    if (wishes === 0) return;
    for (const controller of this.#wishes.values())
      controller.abort(wish?.reason ?? new Error('another rank was stopped'));
  }

  /** Ends the processes of all ranks, where this one cannot go on. */
  abort(status = 1): void {
    loadAddon().leaveRanks(status);
  }
}
