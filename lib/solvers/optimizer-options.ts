/** Rows of an option table for the constants of the optimizers. */
export const optimizerConstants = {
  momentum: {
    kind: 'number',
    min: 0,
    below: 1,
    default: 0.9,
    text: "Factor of past gradients in momentum; Adam's beta 1.",
  },
  secondMoment: { kind: 'number', min: 0, below: 1, default: 0.999, text: "Adam's beta 2." },
  stabilizer: { kind: 'number', above: 0, default: 1e-8, text: 'What Adam adds to the root of its second moment.' },
} as const;
