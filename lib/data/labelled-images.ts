import { BilevelError, invalidArgument } from '../errors.js';
import { elementCount, Tensor } from '../tensor.js';
import type { IdxArray } from './idx.js';
import { checkLabels } from './labels.js';

/** Images with labels in the form in which they are stored: float32 tensors are made only for the rows asked for. */
export class LabelledImages {
  readonly count: number;
  /** Channels, height and width. */
  readonly imageShape: readonly [number, number, number];
  readonly #pixels: Uint8Array | Float32Array | Float64Array;
  readonly #labels: Tensor<'int64'>;

  /**
   * @param images [n, height, width] or [n, channels, height, width]; bytes from 0 to 255, or finite floats
   * @param labels integers from 0 to classes - 1, [n]
   * @param source name of the data for error messages
   * @throws INVALID_FILE when the arrays are not images and their labels, INVALID_DATA for a label outside the classes or
   *   a pixel that is not finite
   */
  constructor(images: IdxArray, labels: IdxArray, classes: number, source: string) {
    const damaged = (reason: string): BilevelError => new BilevelError('INVALID_FILE', `${source}: ${reason}.`);
    const [count = 0, ...sizes] = images.shape;
    const [channels, height, width] = sizes.length === 2 ? [1, ...sizes] : sizes;
    if (channels === undefined || height === undefined || width === undefined || sizes.length > 3) {
      throw damaged(
        `expected images [n, height, width] or [n, channels, height, width], found [${images.shape.join(', ')}]`,
      );
    }
    if (images.data.length === 0) throw damaged('there are no images');
    if (labels.shape.length !== 1 || labels.shape[0] !== count) {
      throw damaged(`expected one label for each of the ${count} images, found an array [${labels.shape.join(', ')}]`);
    }
    if (labels.data instanceof Float32Array || labels.data instanceof Float64Array) {
      throw damaged('the labels are not integers');
    }
    const pixels = images.data;
    if (!(pixels instanceof Uint8Array || pixels instanceof Float32Array || pixels instanceof Float64Array)) {
      throw damaged('the pixels are neither bytes nor floating-point numbers');
    }
    const bad = pixels instanceof Uint8Array ? -1 : pixels.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) {
      const image = Math.floor(bad / (channels * height * width));
      throw new BilevelError(
        'INVALID_DATA',
        `${source}: image ${image} holds ${pixels[bad]}, which is not a finite number.`,
      );
    }
    this.count = count;
    this.imageShape = [channels, height, width];
    this.#pixels = pixels;
    this.#labels = Tensor.from(labels.data, [count], 'int64');
    checkLabels(this.#labels, classes, source);
  }

  /**
   * The chosen samples in the given order: `images` float32 [rows, channels, height, width] (bytes are divided by 255,
   * floats are kept as stored) and `labels` int64 [rows].
   * @param rows sample numbers; default all
   * @throws INVALID_ARGUMENT for a row that does not exist
   */
  take(rows?: ArrayLike<number>): { images: Tensor<'float32'>; labels: Tensor<'int64'> } {
    const count = rows?.length ?? this.count;
    const imageSize = elementCount(this.imageShape);
    const images = Tensor.zeros([count, ...this.imageShape]);
    const labels = Tensor.zeros([count], 'int64');
    const unit = this.#pixels instanceof Uint8Array ? 255 : 1;
    for (let index = 0; index < count; index++) {
      const row = rows === undefined ? index : rows[index];
      const label = row === undefined ? undefined : this.#labels.data[row];
      if (row === undefined || label === undefined) {
        throw invalidArgument(`rows[${index}]`, `an integer from 0 to ${this.count - 1}`, row);
      }
      labels.data[index] = label;
      const from = row * imageSize;
      const to = index * imageSize;
      for (let pixel = 0; pixel < imageSize; pixel++) {
        images.data[to + pixel] = Number(this.#pixels[from + pixel]) / unit;
      }
    }
    return { images, labels };
  }
}
