/** The q-quantile of ascending numbers, between two of them by interpolation. */
function quantile(sorted, q) {
  const place = (sorted.length - 1) * q;
  const low = Math.floor(place);
  return sorted[low] + (place - low) * ((sorted[low + 1] ?? sorted[low]) - sorted[low]);
}

/** What is kept of the repetitions of one measurement. */
export function statistics(milliseconds) {
  const sorted = [...milliseconds].sort((a, b) => a - b);
  return {
    median: quantile(sorted, 0.5),
    quartiles: [quantile(sorted, 0.25), quantile(sorted, 0.75)],
    min: sorted[0],
    max: sorted.at(-1),
    repetitions: sorted.length,
  };
}

/** Three significant digits without an exponent. */
export const short = (x) => (x >= 100 ? x.toFixed(0) : String(Number(x.toPrecision(3))));
export const percent = (x) => `${(100 * x).toFixed(0)} %`;
