import { Tensor } from '../../lib/tensor.js';

/** Images of one bright row: the row is the label. */
export function stripes(count: number) {
  const inputs = Tensor.zeros([count, 1, 28, 28]);
  const labels = Tensor.zeros([count], 'int64');
  for (let sample = 0; sample < count; sample++) {
    const label = (sample * 7) % 10;
    labels.data[sample] = BigInt(label);
    inputs.data.fill(1, sample * 784 + label * 28, sample * 784 + (label + 1) * 28);
  }
  return { inputs, labels };
}
