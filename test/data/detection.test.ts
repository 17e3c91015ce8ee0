import test from 'ava';
import { detection, rocAuc } from '../../lib/data/detection.js';
import { Random } from '../../lib/data/random.js';

test('the area under the ROC curve has its known values', (t) => {
  t.is(rocAuc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]), 0.75);
  t.is(rocAuc([1, 2, 3, 4], [0, 0, 1, 1]), 1);
  t.is(rocAuc([1, 2, 3, 4], [1, 1, 0, 0]), 0);
  t.is(rocAuc([5, 5, 5], [0, 1, 0]), 0.5);
  t.is(rocAuc([1, 1, 2, 2], [0, 1, 0, 1]), 0.5);
  t.is(rocAuc([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY], [0, 1]), 1);
  t.is(rocAuc([1, 2], [1, 1]), Number.NaN);
  t.is(rocAuc([], []), Number.NaN);
});

test('it is the share of rightly ordered pairs, ties counting one half', (t) => {
  const random = Random.fromSeed(1, 'auc');
  for (let round = 0; round < 20; round++) {
    const scores = Array.from({ length: 40 }, () => random.integer(6));
    const marks = scores.map(() => random.integer(2));
    let pairs = 0;
    let right = 0;
    for (const [i, positive] of marks.entries()) {
      for (const [j, negative] of marks.entries()) {
        if (!positive || negative) continue;
        const difference = Number(scores[i]) - Number(scores[j]);
        pairs++;
        right += difference > 0 ? 1 : difference === 0 ? 0.5 : 0;
      }
    }
    t.true(Math.abs(rocAuc(scores, marks) - right / pairs) < 1e-12);
  }
});

test('low weights are judged at the threshold', (t) => {
  const found = detection([0.1, 0.2, 0.5, 0.9, 0.3, 0.8], [1, 1, 1, 0, 0, 0]);
  t.deepEqual(found, { auc: 8 / 9, precision: 2 / 3, recall: 2 / 3, flagged: 3, corrupted: 3 });
  t.is(detection([0.1, 0.2, 0.5, 0.9, 0.3, 0.8], [1, 1, 1, 0, 0, 0], 0.6).recall, 1);
  t.is(detection([0.9], [1]).precision, Number.NaN);
});

test('scores that are not numbers and lists of different length are refused', (t) => {
  t.throws(() => rocAuc([1, Number.NaN, 2], [0, 1, 1]), { code: 'INVALID_DATA' });
  t.throws(() => rocAuc([1, 2], [0, 1, 1]), { code: 'SHAPE_MISMATCH' });
});
