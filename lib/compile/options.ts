import { checkKeys, checkRecord, invalidArgument } from '../errors.js';
import type { Parts, RankOf } from './shard/sharding.js';
import { defaultTarget, type Target } from './target.js';

/** Each pass can be switched off to find out whether it is at fault. All are on by default. They work in this order. */
export interface PassOptions {
  /** Values that depend on constants alone are computed now. */
  readonly foldConstants?: boolean;
  /** Algebraic rules that change no value beyond the sign of a zero. */
  readonly simplify?: boolean;
  /** Elementwise work on planes of which only picked elements are wanted is done on these alone. */
  readonly workOnPicked?: boolean;
  /** Sums of linear combinations are put together from sums that are there. */
  readonly splitSums?: boolean;
  /** Equal operations on the same values are one. */
  readonly deduplicate?: boolean;
  /** Products of matrices in the order that costs least, and those that no step changes once per run. */
  readonly reassociate?: boolean;
  /** Values that no step changes are computed once per run. */
  readonly hoist?: boolean;
  /** One pass over memory for chains of elementwise operations and their reductions. */
  readonly fuse?: boolean;
  /**
   * Passes over memory compute values again where that is quicker than to store and read them; only where they are
   * fused.
   */
  readonly recompute?: boolean;
  /** Results are written where they are wanted, over the values that they replace. */
  readonly inPlace?: boolean;
  /** One branch of the graph is followed to its end before the next one is begun. */
  readonly schedule?: boolean;
  /** Values that are not needed at the same time share memory. */
  readonly reuseMemory?: boolean;
}

export type Passes = Required<PassOptions>;

/** Options of {@link compile}. */
export interface CompileOptions extends PassOptions {
  /**
   * What is known of the device that will run the program, as `targetOf(device.info())` tells it; of the processor by
   * default.
   */
  readonly target?: Target;
  /** Where several processes compute together, which of them runs the program; one computes alone by default. */
  readonly ranks?: RankOf;
  /**
   * Inputs, by name, of which the tensor that is bound holds only what this rank has of them: the axis along which they
   * are dealt, of float32 elements and with at least as many places as there are ranks. Updates of them compute that
   * part, and whoever needs one whole has it put together. It means nothing where one process computes alone; none by
   * default.
   */
  readonly parts?: Parts;
}

/** Every pass, off: what is stated is what runs. */
export const noPasses: Passes = {
  foldConstants: false,
  simplify: false,
  workOnPicked: false,
  splitSums: false,
  deduplicate: false,
  reassociate: false,
  hoist: false,
  fuse: false,
  recompute: false,
  inPlace: false,
  schedule: false,
  reuseMemory: false,
};

/**
 * All options, with what stands for those that are not given.
 * @throws UNKNOWN_OPTION; INVALID_ARGUMENT for a wrong target or rank
 */
export function settingsOf(options: CompileOptions): Required<CompileOptions> {
  const names = Object.keys(noPasses) as (keyof Passes)[];
  checkKeys(options, [...names, 'target', 'ranks', 'parts'], 'compile');
  const given = Object.fromEntries(names.map((name) => [name, options[name] ?? true]));
  const passes: Passes = Object.assign({ ...noPasses }, given);
  return {
    ...passes,
    target: checkedTarget(options.target ?? defaultTarget),
    ranks: checkedRanks(options.ranks ?? alone),
    parts: options.parts ?? {},
  };
}

/** What programs are compiled for where no ranks are named. */
const alone: RankOf = { rank: 0, size: 1 };

function checkedRanks(ranks: RankOf): RankOf {
  checkKeys(ranks, ['rank', 'size'], 'ranks');
  const { rank, size } = ranks;
  if (!Number.isSafeInteger(size) || size < 1) throw invalidArgument('ranks.size', 'a positive integer', size);
  if (!Number.isSafeInteger(rank) || rank < 0 || rank >= size) {
    throw invalidArgument('ranks.rank', `an integer from 0 to ${size - 1}`, rank);
  }
  return ranks;
}

function checkedTarget(target: Target): Target {
  checkRecord(target, 'target');
  for (const name of Object.keys(defaultTarget) as (keyof Target)[]) {
    if (!(target[name] >= 0)) throw invalidArgument(`target.${name}`, 'a number from 0', target[name]);
  }
  return target;
}
