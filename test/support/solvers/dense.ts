/** Solves A x = b by elimination with partial pivoting; A is given by its rows. */
export function solveDense(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, index) => [...row, right[index] as number]);
  const size = rows.length;
  for (let column = 0; column < size; column++) {
    const below = rows.slice(column).map((row) => Math.abs(row[column] as number));
    const pivot = column + below.indexOf(Math.max(...below));
    [rows[column], rows[pivot]] = [rows[pivot] as number[], rows[column] as number[]];
    const top = rows[column] as number[];
    for (const row of rows) {
      if (row === top) continue;
      const factor = (row[column] as number) / (top[column] as number);
      for (let index = column; index <= size; index++)
        row[index] = (row[index] as number) - factor * (top[index] as number);
    }
  }
  return rows.map((row, index) => (row[size] as number) / (row[index] as number));
}
