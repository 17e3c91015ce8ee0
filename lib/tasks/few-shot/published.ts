import type { ApproachName } from './approaches.js';

/** Test accuracies in per cent by the setting, such as `20-way 5-shot`: Mehra and Hamm 2021, Table 3, Omniglot. */
export const publishedAccuracies: Readonly<Record<string, Partial<Record<ApproachName, number>>>> = {
  '5-way 1-shot': { maml: 98.7, imaml: 99.5, protoNet: 98.8, rmd: 98.6, approxGrad: 97.75, penalty: 97.83 },
  '5-way 5-shot': { maml: 99.9, imaml: 99.74, protoNet: 99.7, rmd: 99.5, approxGrad: 99.51, penalty: 99.45 },
  '20-way 1-shot': { maml: 95.8, imaml: 96.18, protoNet: 96, rmd: 95.5, approxGrad: 94.69, penalty: 94.06 },
  '20-way 5-shot': { maml: 98.9, imaml: 99.14, protoNet: 98.9, rmd: 98.4, approxGrad: 98.46, penalty: 98.47 },
};
