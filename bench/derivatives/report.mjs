// The second derivatives of all engines as a table.
import { table } from '../../scripts/pages.mjs';
import { Notes } from '../report.mjs';
import { functions, scalars } from './functions.mjs';

function derivativeCell(result, notes) {
  if (result.failed !== undefined) return `fails ${notes.mark(result.failed)}`;
  return `${result.ok ? 'right' : 'WRONG'}, off by ${result.error.toExponential(0)}`;
}

export function secondDerivatives(results) {
  const engines = [...new Set(results.map(({ engine }) => engine))];
  const notes = new Notes();
  const rows = functions.flatMap(({ name }) =>
    scalars.map((scalar) => [
      name,
      scalar === 'inner' ? '<grad f, w>' : '\\|grad f\\|^2',
      ...engines.map((engine) =>
        derivativeCell(
          results.find((r) => r.engine === engine && r.function === name && r.scalar === scalar),
          notes,
        ),
      ),
    ]),
  );
  return {
    title: "Second derivatives against central differences of the same engine's first derivatives",
    text: [
      'The gradient of a scalar made of grad f, along a direction, with its relative deviation; every engine as it ships.',
      table(['f', 'scalar', ...engines], rows),
      notes.toString(),
    ].join('\n\n'),
    folded: true,
  };
}
