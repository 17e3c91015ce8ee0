import type { Level } from '../machine/level.js';
import { short } from './growth.js';

/** A level whose plain steps are too long for the curvature of g where a run starts. */
export interface TooFast {
  readonly level: Level;
  readonly rate: number;
  /** Largest magnitude of an eigenvalue of grad_vv g there. */
  readonly curvature: number;
  /** Steps diverge at rates above this, and surely not below `stable`. */
  readonly diverging: number;
  readonly stable: number;
}

/** By the option that their rate comes from. */
const byOption = (levels: readonly TooFast[]): ReadonlyMap<string, readonly [TooFast, ...TooFast[]]> => {
  const groups = new Map<string, [TooFast, ...TooFast[]]>();
  for (const each of levels) {
    const group = groups.get(each.level.rateOption);
    if (group === undefined) groups.set(each.level.rateOption, [each]);
    else group.push(each);
  }
  return groups;
};

/** "The largest curvature of g is about 80 where the run starts: there plain steps ..." */
export function tellTooFast(levels: readonly TooFast[]): string {
  const told = [...byOption(levels)].map(([option, group]) => {
    const names = group.map(({ level }) => level.name).join(' and ');
    const diverging = Math.min(...group.map((each) => each.diverging));
    return `of ${names} diverge at rates above ${short(diverging)}, and ${option} is ${short(group[0].rate)}`;
  });
  const [first] = levels;
  if (first === undefined) return '';
  return `The largest curvature of g is about ${short(first.curvature)} where the run starts: plain steps ${told.join(', those ')}.`;
}

/** "Lower lowerLearningRate to 0.012 or less." */
export function lowerTo(levels: readonly TooFast[]): string {
  const told = [...byOption(levels)].map(([option, group]) => {
    const stable = Math.min(...group.map((each) => each.stable));
    return `${option} to ${Number(stable.toPrecision(2))}`;
  });
  return `Lower ${told.join(' and ')} or less.`;
}
