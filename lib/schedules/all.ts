// Every schedule. A new one is a file and a line here.

export { constant } from './constant.js';
export { cosine } from './cosine.js';
export { geometric } from './geometric.js';
export { plateau } from './plateau.js';
export { polynomial } from './polynomial.js';
export { powerLaw } from './power-law.js';
export { shiftedPowerLaw } from './shifted-power-law.js';
export { stairs } from './stairs.js';
