import { fileURLToPath } from 'node:url';
import { OptionDefaults } from 'typedoc';
import { guides } from './guides.mjs';

const at = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** Types in signatures that say nothing by their names: parts of generics, and tables that types are taken from. */
const helpers = {
  'lib/bilevel/feed.ts': ['SparseNames'],
  'lib/bilevel/inputs.ts': ['Nodes'],
  'lib/bilevel/per-task.ts': ['Results'],
  'lib/bilevel/problem.ts': ['Feeds', 'Nodes', 'Rows', 'Tensors', 'UpperTensors'],
  'lib/data/batch-reader.ts': ['BatchReader'],
  'lib/encoded.ts': ['bindingAccess'],
  'lib/engine/binding.ts': ['NativeDevice', 'NativeTensor'],
  'lib/engine/device.ts': ['precisions'],
  'lib/network/running-statistics.ts': ['Tensors'],
  'lib/options.ts': ['GivenOptions'],
  'lib/schedules/schedule.ts': ['followable'],
  'lib/solvers/method.ts': ['Filled'],
  'lib/solvers/response/adapt.ts': ['Feeds', 'Tensors'],
  'lib/solvers/response/evaluate.ts': ['Feeds', 'Tensors'],
  'lib/solvers/response/respond.ts': ['Tensors'],
  'lib/solvers/state.ts': ['Tensors'],
  'lib/tasks/denoising/own/settings.ts': ['ownDataOptions'],
  'lib/tensor.ts': ['Values'],
  'lib/tfjs/layouts.ts': ['known'],
};

export default {
  name: 'bilevel',
  plugin: [at('scripts/site/plugin.mjs')],
  entryPoints: ['index', 'graph', 'engine', 'data', 'tasks', 'tfjs'].map((entry) => at(`lib/public/${entry}.ts`)),
  tsconfig: at('scripts/site/tsconfig.json'),
  // TypeScript itself does that.
  skipErrorChecking: true,
  readme: at('README.md'),
  projectDocuments: Object.values(guides).flat().map(at),
  out: at('build/site'),
  customCss: at('scripts/site/site.css'),

  // Protobuf-es writes it.
  blockTags: [...OptionDefaults.blockTags, '@generated'],
  disableSources: true,
  excludePrivate: true,
  excludeProtected: true,
  excludeInternal: true,
  sort: ['documents-first', 'kind', 'instance-first', 'alphabetical-ignoring-documents'],
  groupOrder: ['Getting started', 'Modules', ...Object.keys(guides).slice(1)],
  searchInComments: true,
  searchInDocuments: true,
  navigation: { includeGroups: true, includeCategories: false, includeFolders: false },
  highlightLanguages: ['bash', 'sh', 'js', 'ts', 'json', 'jsonc', 'yaml', 'python', 'dockerfile', 'mermaid', 'html'],

  treatWarningsAsErrors: true,
  validation: {
    notExported: true,
    invalidLink: true,
    invalidPath: true,
    rewrittenLink: true,
    notDocumented: true,
    unusedMergeModuleWith: true,
  },
  requiredToBeDocumented: ['Class', 'Interface', 'TypeAlias', 'Function', 'Variable', 'Method', 'Accessor'],
  intentionallyNotExported: Object.entries(helpers).flatMap(([path, names]) => names.map((name) => `${path}:${name}`)),
};
