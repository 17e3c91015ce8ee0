import type { Claim } from '../task.js';

/**
 * Methods that VRBO and MRBO are compared with in the figures: those with momentum or recursion, and the double loops.
 */
const momentum = ['sustain', 'mstsa', 'stable'];
const doubleLoops = ['mrbo', 'stocbio', 'aidFp', 'reverse', 'bsa'];

/**
 * What the paper's figures claim, held against training losses at some moments: a method is ahead when it is at each of
 * them. Methods that took no part, or did not reach the last moment, are left out; a claim about none of them is no
 * claim.
 */
export function checkClaims(losses: ReadonlyMap<string, readonly number[]>): Claim[] {
  const compare = (text: string, leader: string, others: readonly string[]): Claim[] => {
    const own = losses.get(leader);
    const rivals = others.flatMap((name): [string, readonly number[]][] => {
      const theirs = losses.get(name);
      return theirs === undefined ? [] : [[name, theirs]];
    });
    if (own === undefined || rivals.length === 0) return [];
    const found = [[leader, own] as const, ...rivals]
      .map(([name, values]) => `${name} ${values.map((loss) => loss.toFixed(2)).join(', ')}`)
      .join('; ');
    const holds = rivals.every(([, theirs]) =>
      theirs.every((loss, moment) => (own[moment] ?? Number.POSITIVE_INFINITY) < loss),
    );
    return [{ text, holds, found }];
  };
  return [
    ...compare('VRBO is the fastest', 'vrbo', [...doubleLoops, ...momentum]),
    ...compare('VRBO is ahead of the other momentum methods', 'vrbo', momentum),
    ...compare('MRBO is ahead of the other momentum methods', 'mrbo', momentum),
  ];
}
