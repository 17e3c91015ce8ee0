// For how long the event loop stood still, by problem and phase.
import { table } from '../../scripts/pages.mjs';
import { describeEnvironment } from '../environment.mjs';
import { short, statistics } from '../statistics.mjs';

/** Sections. */
export function eventLoopReport({ environment, runs }) {
  const phases = Object.keys(Object.values(runs)[0][0]);
  const of = (problem, phase, key) => statistics(runs[problem].map((run) => run[phase][key])).median;
  const rows = (key) =>
    Object.keys(runs).map((problem) => [problem, ...phases.map((phase) => short(of(problem, phase, key)))]);
  const header = ['ms', ...phases];
  const hasTimes = Number.isFinite(Object.values(runs)[0][0][phases[0]].computing);
  return [
    { text: describeEnvironment(environment) },
    { title: 'Longest time between two turns of the event loop', text: table(header, rows('delay')) },
    ...(hasTimes
      ? [{ title: 'What the JavaScript thread computed meanwhile, at most', text: table(header, rows('computing')) }]
      : []),
    { title: 'Length of the phase', text: table(header, rows('milliseconds')) },
  ];
}
