import type { NetworkInput } from '../model-graph.js';
import type { Exporter } from '../origins.js';
import { quote } from '../quote.js';

const legacy = 'training=torch.onnx.TrainingMode.TRAINING, do_constant_folding=False';

/** How to export with everything that training needs: each exporter of PyTorch has options that the other ignores. */
export function exportForTraining(exporter: Exporter): string {
  if (exporter === 'dynamo') return 'export with torch.onnx.export(..., optimize=False)';
  if (exporter === 'torchscript') return `export with torch.onnx.export(..., dynamo=False, ${legacy})`;
  return 'export it again without optimization (of PyTorch: torch.onnx.export(..., optimize=False))';
}

/**
 * The lines of Python that export a module to `file` so that nothing is lost: the same exporter with what training
 * needs; for a file of another program what PyTorch's own takes.
 */
export function exportLines(exporter: Exporter, inputs: readonly NetworkInput[], file: string): readonly string[] {
  const path = JSON.stringify(file);
  const samples = inputs.map((_, at) => (inputs.length === 1 ? 'x' : `x${at}`));
  const given = `module, (${samples.join(', ')}${samples.length === 1 ? ',' : ''}), ${path}`;
  if (exporter === 'torchscript') {
    const names = inputs.map(({ name }) => quote(name));
    return [
      'module.train()',
      `torch.onnx.export(${given}, dynamo=False, input_names=[${names.join(', ')}],`,
      `    dynamic_axes={${names.map((name) => `${name}: {0: "batch"}`).join(', ')}},`,
      `    ${legacy})`,
    ];
  }
  const free = samples.map(() => '{0: batch}');
  return [
    'module.train()',
    'batch = torch.export.Dim("batch")',
    `torch.onnx.export(${given},`,
    `    dynamic_shapes=(${free.join(', ')}${free.length === 1 ? ',' : ''}), external_data=False, optimize=False)`,
  ];
}
