// With what methods are run: their defaults, and the same few settings for all of them.

const adam = { upperOptimizer: 'adam', upperLearningRate: 0.05 };

/** By name, what is changed of a method's defaults. Methods that lack an option go without it. */
export const settings = {
  defaults: {},
  adam: { ...adam, lowerOptimizer: 'adam', lowerLearningRate: 0.01, innerLearningRate: 0.01 },
  descent: { ...adam, lowerOptimizer: 'sgd', lowerLearningRate: 0.03, innerLearningRate: 0.03, neumannRate: 0.03 },
};

/** The options of a setting that a method has. */
export function optionsOf({ options }, setting) {
  return Object.fromEntries(
    Object.entries(settings[setting]).filter(([key, value]) => {
      const option = options[key];
      return option !== undefined && (option.kind !== 'choice' || option.values.includes(value));
    }),
  );
}
