import test from 'ava';
import { type GivenDenoisingSettings, validateSettings } from '../../../lib/tasks/denoising/settings.js';
import { warningsOf } from '../../../lib/tasks/denoising/warnings.js';

const judgement = { accuracy: 90, auc: 0.9, precision: 80, recall: 80 };
const noise = { rate: 0.25, shares: { symmetric: 1, table: 0, confusions: 0 } };

/** A run that found something, but for what is given. */
function resultOf(given: GivenDenoisingSettings, changed: Partial<Parameters<typeof warningsOf>[0]> = {}) {
  return {
    settings: validateSettings({ train: 1000, ...given }),
    methods: { crossFitted: judgement, penalty: judgement, approxGrad: judgement },
    flagged: 200,
    corrupted: 250,
    weights: { least: 0.01, most: 0.95 },
    constant: false,
    ...changed,
  };
}

test('a run that found something is not warned of', (t) => {
  t.deepEqual(warningsOf(resultOf({}, { noise, collapsed: 0 })), []);
  t.deepEqual(warningsOf(resultOf({ form: 'paper' }, { trusted: 300 })), []);
  // Without wrong labels nothing can be ranked.
  const unranked = { crossFitted: { ...judgement, auc: Number.NaN } };
  t.deepEqual(warningsOf(resultOf({}, { noise, methods: unranked })), []);
});

test('a run that found nothing says so and why', (t) => {
  const chance = { ...judgement, auc: 0.4567 };
  const weights = { least: 0.61, most: 0.88 };
  const cases = [
    [resultOf({}, { noise, collapsed: 2 }), /^In 2 of 6 rounds .* no better than the frequencies/],
    [resultOf({}, { noise, constant: true }), /^The network predicts one class .* collapsed/],
    [resultOf({}, { noise, methods: { crossFitted: chance } }), /^The weights are worse than chance \(AUC 0\.457\)/],
    [resultOf({ form: 'paper' }, { methods: { penalty: chance } }), /^The weights are worse than chance/],
    [
      resultOf({}, { noise, flagged: 0, weights }),
      /^No label is suspicious: the noise model takes 25\.0 % of them for wrong, weights are 0\.61 to 0\.88/,
    ],
    [resultOf({ form: 'paper' }, { flagged: 0, weights }), /^No label is suspicious: weights are 0\.61 to 0\.88/],
    [resultOf({}, { noise, flagged: 1000 }), /^All labels are suspicious/],
    [
      resultOf({ form: 'paper', method: 'approxGrad' }, { trusted: 0, weights }),
      /^No sample was trusted .* 0\.61 to 0\.88, none of which is above trust = 0\.9\. "ApproxGrad, retrained"/,
    ],
  ] as const;
  for (const [result, expected] of cases) {
    const warnings = warningsOf(result);
    t.is(warnings.length, 1, warnings.join('\n'));
    t.regex(warnings[0] ?? '', expected);
  }
});

test('a baseline that is worse than chance is no fault of the run', (t) => {
  const methods = { crossFitted: judgement, penalty: { ...judgement, auc: 0.3 } };
  t.deepEqual(warningsOf(resultOf({}, { noise, methods })), []);
});
