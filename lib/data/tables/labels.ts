import { columnFault, isMissing } from './cells.js';
import { numberOf } from './numbers.js';
import { findColumn, type Table } from './table.js';

/** Most classes. */
const mostClasses = 1000;

/**
 * The names of the classes in a column of labels: numbers in their order, texts in that of their letters.
 * @throws INVALID_ARGUMENT for a column that is not there, INVALID_DATA for labels that are missing, all the same, or
 *   too many
 */
export function labelNames(table: Table, label: string): string[] {
  const column = findColumn(table, label);
  const names = [...new Set(column.cells.map((cell) => cell.trim()))];
  refuseMissingLabel(table, label);
  if (names.length < 2) {
    const advice =
      'Labels of two classes or more are needed: give other rows too, or another column by the option label.';
    const all = table.size === 1 ? 'the only row has' : 'all rows have';
    throw columnFault(table, column, `${all} the label ${JSON.stringify(names[0])}. ${advice}`);
  }
  if (names.length > mostClasses) {
    throw columnFault(
      table,
      column,
      `there are ${names.length} different labels; at most ${mostClasses} can be told apart.`,
    );
  }
  if (table.size >= 20 && 2 * names.length > table.size) {
    throw columnFault(
      table,
      column,
      `${names.length} different labels in ${table.size} rows: these name no classes. Choose another column by the option label.`,
    );
  }
  const isNumeric = names.every((name) => !Number.isNaN(numberOf(name)));
  return isNumeric ? names.toSorted((a, b) => Number(a) - Number(b)) : names.toSorted();
}

/** The number of each row's class, [rows]. @throws INVALID_ARGUMENT, INVALID_DATA naming the row */
export function encodeLabels(table: Table, label: string, classes: readonly string[]): Int32Array {
  const column = findColumn(table, label);
  refuseMissingLabel(table, label);
  const positions = new Map(classes.map((name, index) => [name, index]));
  return Int32Array.from(column.cells, (cell, row) => {
    const position = positions.get(cell.trim());
    if (position !== undefined) return position;
    const known = classes
      .slice(0, 20)
      .map((name) => JSON.stringify(name))
      .join(', ');
    throw columnFault(
      table,
      column,
      `the label ${JSON.stringify(cell)} is none of the classes ${known}. Correct it, or leave the row out.`,
      row,
    );
  });
}

function refuseMissingLabel(table: Table, label: string): void {
  const column = findColumn(table, label);
  const row = column.cells.findIndex(isMissing);
  if (row < 0) return;
  const cell = column.cells[row]?.trim();
  const named = cell === '' ? '' : ` (${JSON.stringify(cell)} stands for none; call a class otherwise)`;
  throw columnFault(table, column, `the row has no label${named}. Give it one, or leave the row out.`, row);
}
