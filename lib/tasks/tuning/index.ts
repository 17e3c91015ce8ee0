export { tuningStudy } from './study.js';
