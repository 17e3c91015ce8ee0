import test from 'ava';
import { complexityOf, findMethod, methodNames, methods } from '../../lib/solvers/index.js';
import { bilevel } from '../support/command-line.js';

test('the list has every method of the registry, in lines of 80 columns', async (t) => {
  const { status, stdout } = await bilevel('methods');
  t.is(status, 0);
  const blocks = stdout.trimEnd().split('\n\n');
  t.deepEqual(
    blocks.map((block) => block.split(' ')[0]),
    Object.keys(methods).toSorted(),
  );
  for (const line of stdout.split('\n')) t.true(line.length <= 80, line);
  const [penalty = ''] = blocks.filter((block) => block.startsWith('penalty '));
  t.true(penalty.includes(methods.penalty.source));
  const [stable = ''] = blocks.filter((block) => block.startsWith('stable '));
  t.regex(stable, /∇f 1 +∇g 1 +Hv 2V +Jv 2V\n +memory V \(U \+ V\)$/);
  t.regex(
    penalty,
    /∇f T\+2 ≈ 22 +∇g T\+2 ≈ 22.2 +Hv T\+1 ≈ 21 +Jv 1\n +memory U \+ V; T is lowerSteps; iterations differ/,
  );
});

test('a name adds the options of the table, with range, default, meaning and source', async (t) => {
  const stdout = (await bilevel('methods', 'aidCg')).stdout.replaceAll(/\s+/g, ' ');
  for (const [key, option] of Object.entries(methods.aidCg.options)) {
    const source = 'source' in option ? ` Default from ${option.source}` : '';
    t.true(stdout.includes(`${option.text}${source}`), key);
  }
  t.regex(stdout, / linearSteps an integer >= 1 and <= \d+; default 20 /);
  t.regex(stdout, / upperOptimizer one of sgd, momentum, adam, adamw; default sgd /);
  t.regex(stdout, / upperLearningRate a number > 0 or a schedule that starts at one; default 0\.1 /);
});

test('programs get the same records, schedules as they are typed', async (t) => {
  const all = JSON.parse((await bilevel('methods', '--json')).stdout).methods;
  const soba = JSON.parse((await bilevel('methods', 'soba', '--json')).stdout);
  t.deepEqual(
    all.map(({ name }: { name: string }) => name),
    methodNames,
  );
  t.deepEqual(
    all.find(({ name }: { name: string }) => name === 'soba'),
    soba,
  );
  t.like(soba.options.upperLearningRate, { kind: 'schedule', above: 0, default: 'powerLaw(0.1, 0.5)' });
  t.deepEqual(soba.evaluations.atDefaults, {
    fGradients: 1,
    gGradients: 1,
    hessianVectorProducts: 1,
    jacobianVectorProducts: 1,
  });
});

for (const name of methodNames) {
  test(`${name}: the formulas say what the usual iteration evaluates with other options too`, (t) => {
    const method = findMethod(name);
    const { formulas, symbols, varies } = complexityOf(method);
    const counts = Object.fromEntries(
      Object.entries(symbols).map(([, option], position) => {
        const { default: usual } = method.options[option] as { readonly default: number };
        return [option, usual + 4 + 3 * position];
      }),
    );
    // The first iteration with limited rates measures the curvature besides.
    const unlimited = 'limitRates' in method.options ? { limitRates: false } : {};
    const options = method.validate({ ...counts, ...unlimited });
    // With iterations that differ, the usual one is among the first few.
    const claims = Array.from({ length: varies ? 50 : 1 }, (_, index) => method.evaluations(options, index));
    const evaluate = (formula: string): number =>
      formula
        .replaceAll('−', '-')
        .split(/(?=[+-])/)
        .map((term) => {
          const [, sign, coefficient, factors = ''] = /^([+-]?)(\d*)(.*)$/.exec(term) ?? [];
          const product = factors.split('·').reduce(
            (each, symbol) => {
              const option = symbols[symbol];
              return option === undefined ? each : each * (counts[option] ?? Number.NaN);
            },
            Number(coefficient || 1),
          );
          return sign === '-' ? -product : product;
        })
        .reduce((sum, term) => sum + term, 0);
    const predicted = Object.fromEntries(
      Object.entries(formulas).flatMap(([kind, formula]) => (formula === undefined ? [] : [[kind, evaluate(formula)]])),
    );
    t.true(varies || Object.keys(predicted).length === 4);
    t.true(
      claims.some((claim) =>
        Object.entries(predicted).every(([kind, value]) => claim[kind as keyof typeof claim] === value),
      ),
      `${JSON.stringify(formulas)}: ${JSON.stringify(predicted)}, not ${JSON.stringify(claims[0])}`,
    );
  });
}
