import { type BilevelProblem, bilevelProblem, type Evaluations } from '../bilevel/index.js';
import { BilevelError } from '../errors.js';
import { add, reduceSum, square } from '../graph/index.js';
import type { OptionTable } from '../options.js';
import { Tensor } from '../tensor.js';
import type { AnyMethod } from './find-method.js';

/** What one iteration of a method evaluates. */
export interface Complexity {
  /**
   * At the default options, on a problem with one lower element and one mini-batch: the mean over many iterations,
   * since some methods' differ from each other.
   */
  readonly atDefaults: Evaluations;
  /**
   * How each grows with the options that count something, such as `T+2`, and with U and V, the numbers of upper and
   * lower elements; undefined where no formula says it.
   */
  readonly formulas: Readonly<Record<keyof Evaluations, string | undefined>>;
  /** Whether the iterations differ; the formulas are then those of the usual one. */
  readonly varies: boolean;
  /** Names of the options by their symbols, those that occur in a formula. */
  readonly symbols: Readonly<Record<string, string>>;
}

type Counts = Readonly<Record<string, number>>;

/**
 * An option, or one of the sizes U and V, that the evaluations grow with, and from where on they are taken to grow
 * linearly.
 */
interface Counting {
  readonly name: string;
  readonly symbol: string;
  readonly from: number;
}

/** Coefficients by the product of symbols that they belong to; '' is the constant. */
type Polynomial = ReadonlyMap<string, number>;

/** Iterations that are looked at. */
const observed = 1000;

/** Finds out from a method's claim what its iterations evaluate, and fits how that grows. */
export function complexityOf(method: AnyMethod): Complexity {
  // What is measured once, at the start, belongs to no iteration.
  const unlimited = 'limitRates' in method.options ? { limitRates: false } : {};
  const defaults = method.validate(unlimited);
  const iterations = Array.from({ length: observed }, (_, index) => method.evaluations(defaults, index));
  const usual = usualOf(iterations.map((evaluations) => JSON.stringify(evaluations)));
  const at = ({ U = 1, V = 1, ...counts }: Counts): Evaluations =>
    method.evaluations(
      method.validate({ ...unlimited, ...counts }),
      usual,
      U === 1 && V === 1 ? undefined : problemOf(U, V),
    );
  const counting = countingOf(method.options, at);
  const polynomials = byKind((kind) => {
    // Beside the usual number there may be that of the first iteration or of one in a period; more are random.
    const isRandom = new Set(iterations.map((evaluations) => evaluations[kind])).size > 2;
    return isRandom ? undefined : polynomialOf((counts) => at(counts)[kind], counting);
  });
  const occurring = new Set(
    Object.values(polynomials).flatMap((polynomial) => [...(polynomial ?? [])].flatMap(symbolsOf)),
  );
  return {
    atDefaults: byKind((kind) => iterations.reduce((sum, evaluations) => sum + evaluations[kind], 0) / observed),
    formulas: byKind((kind) => polynomials[kind] && formatPolynomial(polynomials[kind])),
    varies: new Set(iterations.map((evaluations) => JSON.stringify(evaluations))).size > 1,
    symbols: Object.fromEntries(
      counting
        .filter(({ symbol, name }) => occurring.has(symbol) && name in method.options)
        .map(({ symbol, name }) => [symbol, name]),
    ),
  };
}

/** The position at which what occurs most often is first found. */
function usualOf(contents: readonly string[]): number {
  const times = new Map<string, number>();
  for (const content of contents) times.set(content, (times.get(content) ?? 0) + 1);
  const [[most] = ['']] = [...times].toSorted(([, a], [, b]) => b - a);
  return contents.indexOf(most);
}

/** The symbols of a term that counts. */
function symbolsOf([factors, coefficient]: readonly [string, number]): string[] {
  return factors === '' || coefficient === 0 ? [] : factors.split('·');
}

function byKind<T>(value: (kind: keyof Evaluations) => T): Record<keyof Evaluations, T> {
  return {
    fGradients: value('fGradients'),
    gGradients: value('gGradients'),
    hessianVectorProducts: value('hessianVectorProducts'),
    jacobianVectorProducts: value('jacobianVectorProducts'),
  };
}

/** A problem with U upper and V lower elements, of which nothing else matters. */
function problemOf(U: number, V: number): BilevelProblem {
  return bilevelProblem({
    upper: { u: Tensor.zeros([U]) },
    lower: { v: Tensor.zeros([V]) },
    f: ({ u, v }) => add(reduceSum(u.u), reduceSum(v.v)),
    g: ({ u, v }) => reduceSum(square(add(reduceSum(u.u), v.v))),
  });
}

/**
 * U, V and the integer options, if they change the evaluations; one whose text ends in `(T).` has the symbol T, another
 * its name.
 */
function countingOf(table: OptionTable, at: (counts: Counts) => Evaluations): Counting[] {
  const options = Object.entries(table).flatMap(([name, option]): Counting[] => {
    if (option.kind !== 'integer') return [];
    const from = Math.min(option.default, (option.max ?? Number.POSITIVE_INFINITY) - 3);
    return [{ name, symbol: /\((\w+)\)\.$/.exec(option.text)?.[1] ?? name, from }];
  });
  const sizes = ['U', 'V'].map((name) => ({ name, symbol: name, from: 1 }));
  return [...options, ...sizes].filter((counting) => grows(counting, at));
}

/**
 * Whether the evaluations differ at the next value; one that is refused while the others stay does not grow by itself.
 */
function grows({ name, from }: Counting, at: (counts: Counts) => Evaluations): boolean {
  try {
    return JSON.stringify(at({ [name]: from })) !== JSON.stringify(at({ [name]: from + 1 }));
  } catch (error) {
    if (error instanceof BilevelError && error.code === 'INVALID_ARGUMENT') return false;
    throw error;
  }
}

/** The polynomial that is linear in each option and agrees with `value`; undefined when it does not grow like one. */
function polynomialOf(value: (counts: Counts) => number, options: readonly Counting[]): Polynomial | undefined {
  const polynomial = interpolate(value, options);
  const further = Object.fromEntries(options.map(({ name, from }) => [name, from + 3]));
  const bySymbol = Object.fromEntries(options.map(({ symbol, from }) => [symbol, from + 3]));
  return evaluatePolynomial(polynomial, bySymbol) === value(further) ? polynomial : undefined;
}

function interpolate(value: (counts: Counts) => number, options: readonly Counting[]): Polynomial {
  const [first, ...rest] = options;
  if (first === undefined) return new Map([['', value({})]]);
  const { name, symbol, from } = first;
  const slice = (count: number) => interpolate((counts) => value({ ...counts, [name]: count }), rest);
  const [low, high] = [slice(from), slice(from + 1)];
  const terms = [...low].flatMap(([factors, coefficient]): [string, number][] => {
    const slope = (high.get(factors) ?? 0) - coefficient;
    return [
      [[symbol, factors].filter((each) => each !== '').join('·'), slope],
      [factors, coefficient - from * slope],
    ];
  });
  return new Map(terms);
}

function evaluatePolynomial(polynomial: Polynomial, values: Counts): number {
  return [...polynomial].reduce((sum, [factors, coefficient]) => {
    const symbols = symbolsOf([factors, coefficient]);
    return sum + symbols.reduce((product, symbol) => product * (values[symbol] ?? Number.NaN), coefficient);
  }, 0);
}

/** `2T·Q+T−1`, products first. */
function formatPolynomial(polynomial: Polynomial): string {
  const terms = [...polynomial]
    .filter(([, coefficient]) => coefficient !== 0)
    .toSorted((a, b) => symbolsOf(b).length - symbolsOf(a).length)
    .map(([factors, coefficient]) => {
      const size = Math.abs(coefficient);
      return `${coefficient < 0 ? '−' : '+'}${size === 1 && factors !== '' ? '' : size}${factors}`;
    });
  return terms.length === 0 ? '0' : terms.join('').replace(/^\+/, '');
}
