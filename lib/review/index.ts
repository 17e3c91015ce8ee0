export { reviewApp } from './app.js';
export {
  type Decision,
  type Decisions,
  DecisionsFile,
  decisionOf,
  decisionsSoFar,
  encodeDecisions,
  readDecisions,
} from './decisions.js';
export type { Review, ReviewSample } from './samples.js';
export { type Served, serveLocally } from './serve.js';
