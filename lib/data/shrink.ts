/** How much cells count in a larger one that covers them, from the first of them on. */
interface Share {
  readonly first: number;
  readonly weights: readonly number[];
}

/**
 * Images of one channel, [n, height, width], in another size: every pixel is the mean of what it covers.
 * @param from height and width
 * @param to height and width
 */
export function shrink(images: Uint8Array, from: readonly [number, number], to: readonly [number, number]): Uint8Array {
  const [height, width] = from;
  const [rows, columns] = [sharesOf(height, to[0]), sharesOf(width, to[1])];
  const size = height * width;
  const count = images.length / size;
  const shrunk = new Uint8Array(count * to[0] * to[1]);
  let at = 0;
  for (let image = 0; image < count; image++) {
    const start = image * size;
    for (const row of rows) {
      for (const column of columns) {
        let sum = 0;
        for (let down = 0; down < row.weights.length; down++) {
          const line = start + (row.first + down) * width + column.first;
          let ofLine = 0;
          for (let right = 0; right < column.weights.length; right++) {
            ofLine += (column.weights[right] ?? 0) * (images[line + right] ?? 0);
          }
          sum += (row.weights[down] ?? 0) * ofLine;
        }
        shrunk[at++] = Math.round(sum);
      }
    }
  }
  return shrunk;
}

/** For each of `to` cells along an axis of `from` cells: those that it covers, whose shares have the sum 1. */
function sharesOf(from: number, to: number): Share[] {
  const length = from / to;
  return Array.from({ length: to }, (_, cell) => {
    const [start, end] = [cell * length, (cell + 1) * length];
    const first = Math.floor(start);
    const last = Math.min(from, Math.ceil(end - 1e-9));
    const weights = Array.from({ length: last - first }, (_, index) => {
      const covered = Math.min(end, first + index + 1) - Math.max(start, first + index);
      return covered / length;
    });
    return { first, weights };
  });
}
