// The guides of the site beside README.md, its front page: by the groups of its navigation, in their order.
export const guides = {
  'Getting started': ['docs/installing.md', 'docs/problems.md', 'docs/recipes.md', 'docs/choosing.md'],
  'Networks and data': ['docs/exporting.md', 'docs/onnx.md', 'docs/data.md', 'docs/tfjs.md', 'models/README.md'],
  'Running it': [
    'docs/cli.md',
    'docs/distributed.md',
    'docs/electron.md',
    'docs/cuda.md',
    'docs/performance.md',
    'docs/reliability.md',
  ],
  Tasks: [
    'docs/denoising.md',
    'docs/table-2.md',
    'docs/hyper-cleaning.md',
    'docs/synthetic.md',
    'docs/poisoning.md',
    'docs/few-shot.md',
    'docs/tuning.md',
    'docs/representation.md',
    'examples/README.md',
  ],
  Methods: ['docs/methods.md', 'docs/methods/*.md'],
  Internals: [
    'docs/architecture.md',
    'docs/program-format.md',
    'docs/dependencies.md',
    'bench/README.md',
    'CONTRIBUTING.md',
    'CHANGELOG.md',
  ],
};
