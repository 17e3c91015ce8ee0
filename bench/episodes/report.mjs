// Tasks a second beside each other.
import { table } from '../../scripts/pages.mjs';
import { describeEnvironment } from '../environment.mjs';
import { short } from '../statistics.mjs';

export const labels = {
  bilevel: 'bilevel',
  loop: 'PyTorch, a loop over tasks',
  vmap: 'PyTorch, vmap',
  compile: 'PyTorch, vmap compiled',
};

/** Sections. */
export function episodesReport({ environment, results }) {
  const sizes = [...new Set(results.map(({ tasks }) => tasks))];
  const find = (name, tasks) => results.find((result) => result.contender === name && result.tasks === tasks);
  const cell = (name, tasks) => {
    const result = find(name, tasks);
    if (result?.median === undefined) return result?.failed ?? '';
    const own = find('bilevel', tasks);
    const rate = short((1000 * tasks) / result.median);
    return name === 'bilevel' ? rate : `${rate} (1/${(result.median / own.median).toFixed(2)})`;
  };
  const rows = Object.keys(labels)
    .filter((name) => results.some(({ contender }) => contender === name))
    .map((name) => [labels[name], ...sizes.map((tasks) => cell(name, tasks))]);
  const header = ['tasks a second', ...sizes.map((tasks) => `${tasks} ${tasks === 1 ? 'task' : 'tasks'} a batch`)];
  const forms = [...new Set(results.flatMap(({ contender, form }) => (contender === 'loop' ? form : [])))];
  const note = forms.length === 0 ? '' : `PyTorch's loop was fastest with ${forms.join(' or ')}.`;
  return [{ text: describeEnvironment(environment) }, { text: table(header, rows) }, { text: note }];
}
