import { columnFault, numberOf } from './cells.js';
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
  if (names.length < 2) throw columnFault(table, column, `all rows have the label ${JSON.stringify(names[0])}.`);
  if (names.length > mostClasses) {
    throw columnFault(
      table,
      column,
      `there are ${names.length} different labels; at most ${mostClasses} can be told apart.`,
    );
  }
  if (table.size >= 20 && 2 * names.length > table.size) {
    throw columnFault(table, column, `${names.length} different labels in ${table.size} rows: these name no classes.`);
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
    throw columnFault(table, column, `the label ${JSON.stringify(cell)} is none of the classes ${known}.`, row);
  });
}

function refuseMissingLabel(table: Table, label: string): void {
  const column = findColumn(table, label);
  const row = column.cells.findIndex((cell) => cell.trim() === '');
  if (row >= 0) throw columnFault(table, column, 'the row has no label. Give it one, or leave the row out.', row);
}
