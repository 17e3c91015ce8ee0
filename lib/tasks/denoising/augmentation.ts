import { type AugmentOptions, checkAugmentation } from '../../bilevel/index.js';
import { adviseName, BilevelError, describe, invalidArgument } from '../../errors.js';
import { formatType, type TensorType } from '../../tensor.js';

interface Part {
  readonly option: keyof AugmentOptions;
  /** How it is written, for messages. */
  readonly form: string;
  /** What it is without a number; what has none needs one. */
  readonly usual?: number;
  /** The option's value; undefined for a number that is out of range. */
  readonly read?: (value: number) => number | undefined;
}

/** What the text is made of. Sizes of images, which bound shifts, are not known yet where it is read. */
const parts: Readonly<Record<string, Part>> = {
  flip: { option: 'flip', form: 'flip or flip:PROBABILITY', usual: 0.5, read: within(0, 1) },
  'flip-vertical': {
    option: 'flipVertical',
    form: 'flip-vertical or flip-vertical:PROBABILITY',
    usual: 0.5,
    read: within(0, 1),
  },
  shift: {
    option: 'shift',
    form: 'shift:PIXELS, a whole number,',
    read: (value) => (Number.isSafeInteger(value) && value >= 0 ? value : undefined),
  },
  rotate: { option: 'rotate', form: 'rotate:DEGREES, from 0 to 180,', read: within(0, 180) },
  // A share, so that nobody takes the factor 1.1 for 110 % more.
  scale: {
    option: 'scale',
    form: 'scale:SHARE, from 0 to below 1 (0.1 enlarges or shrinks by a factor of at most 1.1),',
    read: (value) => (value >= 0 && value < 1 ? 1 + value : undefined),
  },
  fill: { option: 'fill', form: 'fill:NUMBER' },
};

/** How images are changed at random in trainings, as an option says it: the forms of the text. */
export const augmentationText =
  'flip, flip-vertical, shift:PIXELS, rotate:DEGREES, scale:SHARE and fill:NUMBER, with commas between them';

/**
 * Reads `flip,shift:2,rotate:10,scale:0.1`.
 * @returns undefined for an empty text
 * @throws INVALID_ARGUMENT for a word that says nothing, one that is said twice, and a number that is none or out of
 *   range
 */
export function parseAugmentation(text: string): AugmentOptions | undefined {
  if (text.trim() === '') return undefined;
  const options: Partial<Record<keyof AugmentOptions, number>> = {};
  for (const word of text.split(',').map((each) => each.trim())) {
    const [name = '', number, ...rest] = word.split(':').map((each) => each.trim());
    const part = Object.hasOwn(parts, name) ? parts[name] : undefined;
    if (part === undefined) {
      const advice = adviseName(name, Object.keys(parts));
      throw new BilevelError('INVALID_ARGUMENT', `The option augment knows no ${describe(word)}. ${advice}`);
    }
    const { option, form, usual, read = (value: number) => value } = part;
    if (options[option] !== undefined) throw invalidArgument('the option augment', `${name} once`, text);
    const given = number === undefined ? usual : number === '' ? Number.NaN : Number(number);
    const value = given === undefined || !Number.isFinite(given) || rest.length > 0 ? undefined : read(given);
    if (value === undefined) throw invalidArgument('the option augment', form, word);
    options[option] = value;
  }
  return options;
}

/**
 * Refuses to change samples that are no images, and shifts that are larger than these.
 * @param inputs type of the samples, [n, ...]
 * @throws INVALID_ARGUMENT
 */
export function checkAugmented(augment: string, inputs: TensorType, data: string): void {
  const options = parseAugmentation(augment);
  if (options === undefined) return;
  if (inputs.dtype !== 'float32' || inputs.shape.length !== 4) {
    const [, ...shape] = inputs.shape;
    throw new BilevelError(
      'INVALID_ARGUMENT',
      `The option augment changes images, float32 [channels, height, width], but a sample of ${data} is ` +
        `${formatType({ dtype: inputs.dtype, shape })}: to move its numbers about would make others of it. Leave the option out; pixels ` +
        'in columns become images by the option shape, such as 1,28,28.',
    );
  }
  checkAugmentation('the option augment', options, inputs);
}

function within(low: number, high: number): (value: number) => number | undefined {
  return (value) => (value >= low && value <= high ? value : undefined);
}
