export { fewShotStudy } from './study.js';
