import { BilevelError } from '../errors.js';
import { formatType, type Tensor } from '../tensor.js';
import { formatNumber } from './format.js';
import { type Html, html } from './html.js';
import type { Importance } from './importance.js';
import { pngOf } from './png.js';

/** Images with what is to be said of each. */
export interface Gallery {
  readonly title: string;
  /** A sentence above them. */
  readonly note: string;
  readonly pictures: readonly Picture[];
}

export interface Picture {
  /** One or more as data URIs, side by side. */
  readonly images: readonly string[];
  readonly caption: string;
}

/** The samples of lowest weight, lowest first. */
export function mostSuspicious(weights: ArrayLike<number>, count: number): number[] {
  const order = Array.from({ length: weights.length }, (_, index) => index);
  return order.sort((a, b) => Number(weights[a]) - Number(weights[b]) || a - b).slice(0, count);
}

/** One image of a batch as a data URI of a PNG file, as {@link pngOf} makes it. */
export function imageDataUri(images: Tensor<'float32'>, index: number): string {
  return `data:image/png;base64,${Buffer.from(pngOf(images, index)).toString('base64')}`;
}

/** Cards of samples: image where there is one, given, predicted and actual label, weight, and what else is noted. */
export function renderGallery(
  { rows, weights, given, predicted, actual }: Importance,
  images: Tensor<'float32'> | undefined,
  classes: readonly string[],
  samples: readonly number[],
  notes: (sample: number) => readonly (readonly [term: string, text: string])[] = () => [],
): Html {
  if (images && (images.shape.length !== 4 || images.shape[0] !== weights.length)) {
    throw new BilevelError(
      'SHAPE_MISMATCH',
      `Expected images [${weights.length}, channels, height, width], one per weight, but received ${formatType(images)}.`,
    );
  }
  const className = (label: number | bigint | undefined): string => classes[Number(label)] ?? String(label);
  const cards = samples.map((index) => {
    const right = actual === undefined ? undefined : Number(actual[index]) === Number(given[index]);
    const verdict = right === undefined ? 'unknown' : right ? 'clean' : 'corrupted';
    return html`<li class="card ${verdict}">
  ${images && html`<img src="${imageDataUri(images, index)}" alt="sample ${rows[index]}, labelled ${className(given[index])}" width="72" height="72">`}
  <dl>
    <dt>sample</dt><dd>${rows[index]}</dd>
    <dt>given</dt><dd>${className(given[index])}</dd>
    <dt>predicted</dt><dd>${className(predicted[index])}</dd>
    ${actual === undefined ? undefined : html`<dt>true</dt><dd>${className(actual[index])}</dd>`}
    <dt>weight</dt><dd>${formatNumber(Number(weights[index]), 2)}</dd>
    ${notes(index).map(([term, text]) => html`<dt>${term}</dt><dd>${text}</dd>`)}
  </dl>
</li>`;
  });
  return html`<ol class="gallery">${cards}</ol>`;
}

/** Cards of images with their captions. */
export function renderPictures({ note, pictures }: Gallery): Html {
  return html`<p>${note}</p><ol class="gallery">${pictures.map(
    ({ images, caption }) => html`<li class="card pictures">
  ${images.map((image) => html`<img src="${image}" alt="${caption}" width="72" height="72">`)}
  <p>${caption}</p>
</li>`,
  )}</ol>`;
}
