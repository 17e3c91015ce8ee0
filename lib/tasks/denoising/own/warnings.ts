import { rounds } from './run.js';

/** What a reader must know before the figures of a run that could tell nothing: one sentence each. */
export function warningsOf(collapsed: number): string[] {
  if (collapsed === 0) return [];
  return [
    `In ${collapsed} of ${rounds} rounds networks predicted labels that they had not seen no better than the frequencies of the labels do, ` +
      'or contradicted most of them, and what was trusted before stayed. The samples say too little of their labels, or are too few: give ' +
      'more of them or other columns, or try another network.',
  ];
}
