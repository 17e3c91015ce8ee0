import test from 'ava';
import { fitScale, renderAxes } from '../../lib/report/axes.js';

const labelsOf = (values: readonly number[]): string[] => {
  const axis = (label: string, range: readonly [number, number], of: readonly number[]) => ({
    scale: fitScale('linear', of, range),
    kind: 'linear' as const,
    label,
  });
  const { text } = renderAxes(axis('x', [0, 400], [0, 1]), axis('y', [200, 0], values));
  return [...text.matchAll(/dy="0.32em">([^<]*)</g)].map(([, label = '']) => label);
};

test('neighbouring ticks have labels of their own, with no more digits than that takes', (t) => {
  t.deepEqual(labelsOf([74.81, 74.99]), ['74.8', '74.85', '74.9', '74.95', '75']);
  t.deepEqual(labelsOf([0, 100]), ['0', '20', '40', '60', '80', '100']);
  t.deepEqual(labelsOf([0.69201, 0.70477]), ['0.692', '0.694', '0.696', '0.698', '0.7', '0.702', '0.704', '0.706']);
  t.deepEqual(labelsOf([1234.1, 1234.4]).slice(0, 2), ['1,234.1', '1,234.15']);
  t.deepEqual(labelsOf([2e-6, 2.2e-6]).slice(0, 2), ['2e−6', '2.05e−6']);
});
