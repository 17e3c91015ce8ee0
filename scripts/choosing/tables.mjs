// The tables of docs/choosing.md.
import { table } from '../pages.mjs';

/** Three digits, without an exponent. */
const short = (value) => {
  const [, fraction = ''] = Number(value.toPrecision(3)).toString().split('.');
  return value.toFixed(Math.min(fraction.length, 3)).replace('-', '−');
};

const why = {
  budget: 'budget',
  DIVERGED: 'diverged',
  NON_FINITE: 'diverged',
  INDEFINITE_HESSIAN: 'indefinite',
  SINGULAR_HESSIAN: 'singular',
};

/** @returns paragraphs: what the problems are, and a table of the defaults and one of the best settings */
export function markdown(results, problems, methods) {
  const of = (problem, method, setting) =>
    results.find((each) => each.problem === problem && each.method === method && each.setting === setting);
  // Methods that are refused everywhere are made for problems of another form.
  const refused = methods.filter((method) =>
    results.filter((each) => each.method === method).every(({ f, failure }) => f === undefined && !(failure in why)),
  );
  const shown = methods.filter((method) => !refused.includes(method));
  const untuned = new Map(problems.map(({ name }) => [name, of(name, '', 'untuned').f]));
  const settings = [...new Set(results.map(({ setting }) => setting))].filter((name) => name !== 'untuned');
  const best = (problem, method, among) =>
    among
      .map((setting) => of(problem, method, setting))
      .filter((each) => each !== undefined)
      .reduce((a, b) => ((b.f ?? Infinity) < (a?.f ?? Infinity) ? b : (a ?? b)), undefined);
  const rows = (among) => {
    const found = shown.map((method) => problems.map(({ name }) => best(name, method, among)));
    const least = problems.map((_, column) => Math.min(...found.map((row) => row[column]?.f ?? Infinity)));
    const lowers = (result, { name }) => result?.f < untuned.get(name) - 0.001 * Math.abs(untuned.get(name));
    const cell = (result, column) => {
      if (result?.f === undefined) return result === undefined ? '' : (why[result.failure] ?? 'refused');
      const text = short(result.f);
      return result.f <= least[column] ? `**${text}**` : text;
    };
    return [
      ['untuned', '', ...problems.map(({ name }) => short(untuned.get(name)))],
      ...shown.map((method, row) => [
        `\`${method}\``,
        String(found[row].filter((result, column) => lowers(result, problems[column])).length),
        ...found[row].map(cell),
      ]),
    ];
  };
  const head = ['method', 'lowers', ...problems.map(({ name }) => name)];
  return [
    table(
      ['problem', 'what u and v are', 'work'],
      problems.map(({ name, title, budget, holdout }) => [holdout ? `${name} *` : name, title, String(budget)]),
    ),
    '**f(u, v\\*) with the defaults of every method.**',
    table(head, rows(['defaults'])),
    ...(settings.length < 2
      ? []
      : [
          `**f(u, v\\*), the best of ${settings.length} settings for every method and problem.**`,
          table(head, rows(settings)),
        ]),
    ...(refused.length === 0
      ? []
      : [
          `Refused on all of them, because their v starts at variables of u: ${refused.map((name) => `\`${name}\``).join(', ')}.`,
        ]),
  ];
}
