// The tables of docs/onnx.md.
import { table } from '../pages.mjs';
import { known } from './differences.mjs';

/** A message without what is particular to one file, so that equal reasons meet. */
export function reasonOf({ code, problem }) {
  const text = problem
    .replace(/^.*?\.onnx: /, '')
    .replace(/^(\S+) node (number \d+|"[^"]*")( \([^)]*\))?:? ?/, '$1 ')
    .replace(/^(The model|\S+) reads .*?, an optional/, 'reads an optional')
    .replace(/The value of \S+ has the ONNX element type number \d+/, 'an element type of 8 bits or fewer')
    .replace(/The value of \S+ has the ONNX element type/, 'the element type')
    .replace(/input \d+ \("[^"]*"\)/, 'an input')
    .replace(/; (export|make it|store) .*$/, '')
    .replace(/\[[\d, ]*\]/g, '[...]')
    .replace(/"[^"]*"/g, '"..."')
    .replace(/\.$/, '');
  return `${code}: ${text}`.replaceAll('|', '\\|');
}

function count(results) {
  const counts = new Map();
  for (const each of results) counts.set(each, (counts.get(each) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a);
}

function operatorOf({ operators, domains, base }, bases) {
  const single = operators.length === 1 ? operators[0] : undefined;
  if (single === undefined) return bases.get(base) ?? 'several operators';
  return domains[0] === '' ? single : `${domains[0]}.${single}`;
}

function share(results) {
  const passed = results.filter(({ status }) => status === 'passes').length;
  return results.length === 0 ? '' : `${passed} of ${results.length}`;
}

function whyOf(results) {
  const refused = count(results.filter(({ status }) => status === 'refused').map(reasonOf));
  const differs = results.filter(({ status }) => status === 'differs');
  return [
    ...refused.map(([reason, times]) => `${times} × ${reason}`),
    ...differs.map(({ name, problem }) => `\`${name}\` ${known.get(name) ?? problem}`),
  ].join('; ');
}

function groupByOperator(results) {
  const plain = results.filter(({ expanded }) => !expanded);
  const bases = new Map(plain.map((each) => [each.base, operatorOf(each, new Map())]));
  const groups = new Map();
  for (const each of results) {
    const operator = each.expanded ? bases.get(each.base) : operatorOf(each, bases);
    groups.set(operator, [...(groups.get(operator) ?? []), each]);
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
}

const allPass = ([, results]) => results.every(({ status }) => status === 'passes');

/** The operators of which every case passes, and a row for each of the others. */
export function operatorTables(results) {
  const groups = groupByOperator(results);
  const whole = groups.filter(allPass).map(([operator, all]) => `${operator} (${all.length})`);
  const rows = groups
    .filter((group) => !allPass(group))
    .map(([operator, all]) => {
      const parts = [false, true].map((expanded) => all.filter((each) => each.expanded === expanded));
      return [operator, ...parts.map(share), whyOf(all)];
    });
  const head = ['operator', 'as a node', 'decomposed', 'what does not pass, and why'];
  return { whole: `${whole.join(', ')}.`, rest: table(head, rows) };
}

export function totalsTable(rows) {
  const statuses = ['passes', 'refused', 'differs', 'not compared'].filter(
    (status, index) => index < 3 || rows.some(([, results]) => results.some((each) => each.status === status)),
  );
  return table(
    ['', 'cases', ...statuses],
    rows.map(([label, results]) => [
      label,
      String(results.length),
      ...statuses.map((status) => String(results.filter((each) => each.status === status).length)),
    ]),
  );
}

/** Reasons of all refusals, by how often. */
export function refusals(results) {
  return count(results.filter(({ status }) => status === 'refused').map(reasonOf));
}
