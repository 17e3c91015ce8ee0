import type { PoisonerName } from './methods.js';
import type { PoisoningSettings } from './settings.js';

/** Mean and, where it was told, standard deviation of five runs, in per cent. */
export type Known = readonly [mean: number, deviation?: number];

type Column = Partial<Record<PoisonerName, Known>>;

/** Where the figures come from, and what readers should know of them. */
export const publishedSource =
  'Mehra and Hamm 2021, supplement, Table 5; RMD as quoted there from Muñoz-González et al. 2017; no poison: their text';

const percent: readonly number[] = [1, 2, 3, 4, 5, 6];

const table = (rows: Partial<Record<PoisonerName, readonly (Known | undefined)[]>>): readonly Column[] =>
  percent.map((_, index) =>
    Object.fromEntries(Object.entries(rows).flatMap(([name, known]) => (known[index] ? [[name, known[index]]] : []))),
  );

/** By attack, for 10, 20, ... 60 poison points beside 1000 clean ones. */
const tables: Readonly<Record<PoisoningSettings['attack'], readonly Column[]>> = {
  untargeted: table({
    none: percent.map(() => [87]),
    labelFlip: [
      [86.71, 0.32],
      [86.23, 0.98],
      [85.17, 0.96],
      [84.93, 0.55],
      [84.39, 1.06],
      [84.64, 0.69],
    ],
    rmd: [[85], [83], [82], [81], [80], [79]],
    approxGrad: [
      [82.09, 0.84],
      [77.54, 0.57],
      [74.41, 1.14],
      [71.88, 0.4],
      [68.69, 0.86],
      [66.91, 0.89],
    ],
    penalty: [
      [83.29, 0.43],
      [78.14, 0.53],
      [75.14, 1.09],
      [72.7, 0.46],
      [69.48, 1.93],
      [67.59, 1.17],
    ],
  }),
  targeted: table({
    labelFlip: [
      [7.76, 1.07],
      [12.08, 2.13],
      [18.36, 1.23],
      [24.41, 2.05],
      [30.41, 4.24],
      [32.88, 3.47],
    ],
    rmd: [[10], [15], [25], [35]],
    approxGrad: [
      [18.84, 1.9],
      [39.64, 3.72],
      [52.76, 2.69],
      [60.01, 1.61],
      [65.61, 4.01],
      [71.48, 4.24],
    ],
    penalty: [
      [17.4, 3],
      [41.64, 4.43],
      [51.4, 2.72],
      [61.16, 1.34],
      [65.52, 2.85],
      [70.01, 2.95],
    ],
  }),
};

/** The published figure of the same experiment, if there is one. */
export function publishedFigure(
  { attack, data, network, train, validation, test, from, to, l2 }: PoisoningSettings,
  name: PoisonerName,
  points: number,
): Known | undefined {
  const sizes =
    attack === 'untargeted'
      ? validation === 1000 && test === 8000
      : validation === 4000 && test === 5000 && from === 8 && to === 3;
  if (!sizes || data !== 'mnist' || network !== 'logreg' || train !== 1000 || l2 !== 0.005) return undefined;
  return tables[attack][points / 10 - 1]?.[name];
}
