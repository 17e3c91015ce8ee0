import { type BilevelProblem, bilevelProblem, box } from '../../bilevel/index.js';
import { add, constant, expandDims, matmul, type Node, reduceSum, reshape, square, sub } from '../../graph/index.js';
import { bound, type SyntheticData, size } from './data.js';
import { projectedNorm2, type RowSpace, rowSpaceOf } from './row-space.js';

/** Costs are written in nodes [trials, 20]; norms are per trial, [trials]. */
type Cost = (u: Node, v: Node, norms: Norms) => Node;

interface Norms {
  /** |x|^2 */
  plain(x: Node): Node;
  /** |A x|^2 */
  weighted(x: Node): Node;
}

/** What of a variable counts for the distance: all of it, or its part in the row space of A, which alone g sees. */
type Part = 'whole' | 'rowSpace';

export interface ProblemDefinition {
  /** In the authors' code. */
  readonly authorsName: string;
  /** Where the paper shows it. */
  readonly figure?: string;
  /** The costs in words, for people. */
  readonly costs: { readonly f: string; readonly g: string };
  readonly usesMatrix: boolean;
  readonly f: Cost;
  readonly g: Cost;
  /** Value of every element at the solution. */
  readonly solution: number;
  readonly measured: { readonly u: Part; readonly v: Part };
}

const rest = (u: Node, v: Node): Node => sub(sub(1, u), v);

/**
 * The synthetic problems of Mehra and Hamm 2021, section 3.1 and supplement E.1, in 20 + 20 variables as in their code
 * (10 + 10 in print); the constant -1 that their code adds to f of P1 is left out. P5 is in the code alone.
 */
export const definitions = {
  P1: {
    authorsName: 'SMD20',
    figure: 'Fig. 1a',
    costs: { f: '|u|² + |v|²', g: '|1 − u − v|²' },
    usesMatrix: false,
    f: (u, v, { plain }) => add(plain(u), plain(v)),
    g: (u, v, { plain }) => plain(rest(u, v)),
    solution: 0.5,
    measured: { u: 'whole', v: 'whole' },
  },
  P2: {
    authorsName: 'SMD21',
    figure: 'Fig. 1b',
    costs: { f: '|v|² − |u − v|²', g: '|u − v|²' },
    usesMatrix: false,
    f: (u, v, { plain }) => sub(plain(v), plain(sub(u, v))),
    g: (u, v, { plain }) => plain(sub(u, v)),
    solution: 0,
    measured: { u: 'whole', v: 'whole' },
  },
  P3: {
    authorsName: 'SMD24',
    figure: 'Fig. 2a',
    costs: { f: '|u|² + |v|²', g: '|A(1 − u − v)|²' },
    usesMatrix: true,
    f: (u, v, { plain }) => add(plain(u), plain(v)),
    g: (u, v, { weighted }) => weighted(rest(u, v)),
    solution: 0.5,
    measured: { u: 'rowSpace', v: 'rowSpace' },
  },
  P4: {
    authorsName: 'SMD23',
    figure: 'Fig. 2b',
    costs: { f: '|v|² − |A(u − v)|²', g: '|A(u − v)|²' },
    usesMatrix: true,
    f: (u, v, { plain, weighted }) => sub(plain(v), weighted(sub(u, v))),
    g: (u, v, { weighted }) => weighted(sub(u, v)),
    solution: 0,
    measured: { u: 'rowSpace', v: 'whole' },
  },
  P5: {
    authorsName: 'SMD22',
    costs: { f: '|Av|² − |A(u − v)|²', g: '|A(u − v)|²' },
    usesMatrix: true,
    f: (u, v, { weighted }) => sub(weighted(v), weighted(sub(u, v))),
    g: (u, v, { weighted }) => weighted(sub(u, v)),
    solution: 0,
    measured: { u: 'rowSpace', v: 'rowSpace' },
  },
} as const satisfies Record<string, ProblemDefinition>;

export type ProblemName = keyof typeof definitions;
export const problemNames = Object.keys(definitions) as readonly ProblemName[];

/** All trials side by side: u.u and v.v are [trials, 20], in the box [-5, 5]. */
export function syntheticProblem(name: ProblemName, { u, v, matrices }: SyntheticData): BilevelProblem {
  const { f, g }: ProblemDefinition = definitions[name];
  const [trials = 0] = u.shape;
  const plain = (x: Node): Node => reduceSum(square(x), [1]);
  const rows = matrices[0]?.length ?? 0;
  const values = matrices.flat(2);
  const weighted = (x: Node): Node => {
    if (matrices.length === 1) return plain(matmul(x, constant(values, [rows, size]), { transposeB: true }));
    const products = matmul(expandDims(x, [1]), constant(values, [trials, rows, size]), { transposeB: true });
    return plain(reshape(products, [trials, rows]));
  };
  const norms = { plain, weighted };
  return bilevelProblem({
    upper: { u },
    lower: { v },
    trials,
    f: (point) => f(point.u.u, point.v.v, norms),
    g: (point) => g(point.u.u, point.v.v, norms),
    sets: { upper: { u: box(-bound, bound) }, lower: { v: box(-bound, bound) } },
  });
}

/** Measures how far trials are from the solution set: its distance as in the authors' code, not squared. */
export class DistanceMeter {
  /** One for all trials, or one for each. */
  readonly rowSpaces: readonly RowSpace[];
  readonly #definition: ProblemDefinition;

  constructor(name: ProblemName, { matrices }: SyntheticData) {
    this.#definition = definitions[name];
    this.rowSpaces = matrices.map(rowSpaceOf);
  }

  /** One distance per trial. @param u and v: [trials, 20], row by row */
  measure(u: ArrayLike<number>, v: ArrayLike<number>): number[] {
    const { solution, measured } = this.#definition;
    const norm2 = (values: ArrayLike<number>, trial: number, part: Part): number => {
      const error = Array.from({ length: size }, (_, index) => Number(values[trial * size + index]) - solution);
      if (part === 'whole') return error.reduce((sum, value) => sum + value ** 2, 0);
      return projectedNorm2((this.rowSpaces[trial] ?? this.rowSpaces[0])?.basis ?? [], error);
    };
    return Array.from({ length: u.length / size }, (_, trial) =>
      Math.sqrt(norm2(u, trial, measured.u) + norm2(v, trial, measured.v)),
    );
  }
}
