import { create } from '@bufbuild/protobuf';
import { type HistogramProto, HistogramProtoSchema } from './schema/event_pb.js';

/** Buckets of equal width, of which TensorBoard makes 30 to show. */
const buckets = 60;

/** How numbers are distributed; those that are not finite are left out, and undefined where none is left. */
export function histogramOf(values: ArrayLike<number | bigint>): HistogramProto | undefined {
  let [min, max, num, sum, sumSquares] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0, 0];
  for (let index = 0; index < values.length; index++) {
    const value = Number(values[index]);
    if (!Number.isFinite(value)) continue;
    min = Math.min(min, value);
    max = Math.max(max, value);
    num += 1;
    sum += value;
    sumSquares += value * value;
  }
  if (num === 0) return undefined;
  const count = max > min ? buckets : 1;
  const bucket = new Array<number>(count).fill(0);
  for (let index = 0; index < values.length; index++) {
    const value = Number(values[index]);
    if (!Number.isFinite(value)) continue;
    const at = count === 1 ? 0 : Math.min(count - 1, Math.floor((count * (value - min)) / (max - min)));
    bucket[at] = Number(bucket[at]) + 1;
  }
  const bucketLimit = bucket.map((_, at) => (at === count - 1 ? max : min + ((at + 1) * (max - min)) / count));
  return create(HistogramProtoSchema, { min, max, num, sum, sumSquares, bucketLimit, bucket });
}
