import type { DeviceMemory } from '../../engine/index.js';
import { invalidArgument } from '../../errors.js';
import { isSchedule } from '../../options.js';
import type { Followed, Plateau, Schedule } from '../../schedules/index.js';
import { Tensor } from '../../tensor.js';
import type { SolverState } from '../state.js';

/** Part of the lowest value that a lower one must differ from it by: the default of ReduceLROnPlateau of PyTorch. */
const threshold = 1e-4;

/** Schedules that answer alike to the same values have one name, and share what a state holds of them. */
const nameOf = ({ factor, patience, of }: Plateau): string => `plateau(${factor}, ${patience}, ${of})`;
const reductions = (plateau: Plateau): string => `${nameOf(plateau)}.reductions`;
const waited = (plateau: Plateau): string => `${nameOf(plateau)}.waited`;
const lowest = (plateau: Plateau): string => `${nameOf(plateau)}.lowest`;

/** What a schedule is multiplied by in a state, for what it has followed there. */
export function reducedBy({ plateau }: Schedule, { counters }: SolverState): number {
  return plateau === undefined ? 1 : plateau.factor ** (counters[reductions(plateau)] ?? 0);
}

/** The schedules of a solver's options that follow a number of its reports. */
export class Plateaus {
  readonly #all: readonly Plateau[];

  /**
   * @param known what there is to follow
   * @throws INVALID_ARGUMENT for an option that takes no such schedule, and for what is not there to follow
   */
  constructor(options: object, known: readonly Followed[]) {
    const found = new Map<string, Plateau>();
    for (const [key, value] of Object.entries(options)) {
      if (!isSchedule(value) || value.plateau === undefined) continue;
      const { plateau } = value;
      if (!/learningRate$/i.test(key)) throw invalidArgument(key, 'a schedule of the iteration alone', 'plateau');
      if (!known.includes(plateau.of)) {
        const advice = plateau.of === 'response' ? ' (response needs evaluateEvery)' : '';
        throw invalidArgument(
          `of of the schedule plateau for ${key}`,
          `one of ${known.join(', ')}${advice}`,
          plateau.of,
        );
      }
      found.set(nameOf(plateau), plateau);
    }
    this.#all = [...found.values()];
  }

  /** Whether one of them follows f(u, v*). */
  get followResponse(): boolean {
    return this.#all.some(({ of }) => of === 'response');
  }

  /** What a state holds of them. */
  initial(): { readonly tensors: Record<string, Tensor>; readonly counters: Record<string, number> } {
    return {
      tensors: Object.fromEntries(this.#all.map((each) => [lowest(each), Tensor.scalar(Number.POSITIVE_INFINITY)])),
      counters: Object.fromEntries(
        this.#all.flatMap((each) => [reductions(each), waited(each)].map((name) => [name, 0])),
      ),
    };
  }

  /** Takes account of new values. */
  async observe(
    { tensors, counters }: SolverState,
    values: { readonly [K in Followed]?: number | undefined },
    memory: DeviceMemory,
  ): Promise<void> {
    for (const each of this.#all) {
      const value = values[each.of];
      const kept = tensors[lowest(each)];
      if (value === undefined || kept === undefined) continue;
      await memory.pull([kept]);
      const before = Number(kept.item());
      if (before === Number.POSITIVE_INFINITY || value < before - threshold * Math.abs(before)) {
        memory.copy(Tensor.scalar(value), kept);
        counters[waited(each)] = 0;
        continue;
      }
      const count = (counters[waited(each)] ?? 0) + 1;
      const isReduced = count >= each.patience;
      counters[waited(each)] = isReduced ? 0 : count;
      if (isReduced) counters[reductions(each)] = (counters[reductions(each)] ?? 0) + 1;
    }
  }
}
