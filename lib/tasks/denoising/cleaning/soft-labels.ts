import { Tensor } from '../../../tensor.js';

/** What the other classes get of the distrust in a label: less than all, for predictions can be wrong together. */
const shareOfOthers = 0.5;

/**
 * How much each class counts in each sample, float32 [n, classes]: the given label as far as it is trusted, and the
 * others in proportion to the probabilities that networks give them which did not see the sample.
 */
export function softLabelsOf(
  { data, shape }: Tensor<'float32'>,
  labels: Int32Array,
  trust: Float64Array,
): Tensor<'float32'> {
  const [count = 0, classes = 0] = shape;
  const soft = Tensor.zeros([count, classes]);
  for (let row = 0; row < count; row++) {
    const trusted = trust[row] ?? 0;
    const given = labels[row];
    const predicted = data.subarray(row * classes, (row + 1) * classes);
    const others = predicted.reduce((sum, p, label) => (label === given ? sum : sum + p), 0);
    const share = others > 0 ? (shareOfOthers * (1 - trusted)) / others : 0;
    soft.data.set(
      predicted.map((p, label) => (label === given ? trusted : share * p)),
      row * classes,
    );
  }
  return soft;
}
