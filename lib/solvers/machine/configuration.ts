import {
  type BilevelProblem,
  describeAugmentation,
  type FeedInputs,
  isResident,
  type MinimizationProblem,
} from '../../bilevel/index.js';
import { full } from '../../data/samplers/full.js';
import { shuffled } from '../../data/samplers/shuffled.js';
import { type Factors, isSchedule, type Options, type OptionTable } from '../../options.js';
import { formatSchedule, type Schedule } from '../../schedules/index.js';
import { formatType } from '../../tensor.js';
import type { Configuration } from '../state.js';

/** What a state of a method belongs to. The shapes of its tensors are compared with the tensors themselves. */
export function configurationOf<T extends OptionTable>(
  method: string,
  table: T,
  options: Options<T>,
  { feeds, seed, upper = [], lower }: Omit<MinimizationProblem, 'g'> & Partial<Pick<BilevelProblem, 'upper'>>,
): Configuration {
  const chosen = Object.keys(table).map((key) => {
    const value: string | number | boolean | Schedule | Factors = options[key as keyof T];
    if (typeof value !== 'object') return [`the option ${key}`, value] as const;
    return [`the option ${key}`, isSchedule(value) ? formatSchedule(value) : JSON.stringify(value)] as const;
  });
  const drawn = feeds.map((inputs) => [`the feed ${inputs.name}`, describeFeed(inputs)] as const);
  const confined = Object.entries({ u: upper, v: lower }).flatMap(([level, variables]) =>
    variables.flatMap(({ name, set }) => (set === undefined ? [] : [[`the set of ${level}.${name}`, set.description]])),
  );
  return Object.fromEntries([['the method', method], ['the seed', seed], ...chosen, ...drawn, ...confined]);
}

/** The usual samplers follow from the rows. */
function describeFeed(inputs: FeedInputs): string {
  if (!isResident(inputs)) {
    const types = Object.entries(inputs.feed.types).map(([name, type]) => `${name} ${formatType(type)}`);
    return `batches of ${types.join(', ')}`;
  }
  const { size, batch = size, seed, sampler, augment } = inputs.feed;
  const drawn = sampler === shuffled || sampler === full ? [] : [sampler.description];
  const changed = Object.entries(augment).map(
    ([name, augmentation]) => `${name}: ${describeAugmentation(augmentation)}`,
  );
  return [`${batch} of ${size} rows, seed ${seed}`, ...drawn, ...changed].join(', ');
}
