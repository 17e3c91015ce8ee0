/** The methods that the paper's form is solved with in its Table 2, and what they and their networks are called. */
export const formMethods = {
  penalty: { title: 'Penalty', retrained: 'retrained' },
  approxGrad: { title: 'ApproxGrad', retrained: 'approxGradRetrained' },
} as const;

export type FormMethod = keyof typeof formMethods;
