import type { Exporter } from '../origins.js';

const legacy = 'training=torch.onnx.TrainingMode.TRAINING, do_constant_folding=False';

/** How to export with everything that training needs: each exporter of PyTorch has options that the other ignores. */
export function exportForTraining(exporter: Exporter): string {
  if (exporter === 'dynamo') return 'export with torch.onnx.export(..., optimize=False)';
  if (exporter === 'torchscript') return `export with torch.onnx.export(..., dynamo=False, ${legacy})`;
  return 'export it again without optimization (of PyTorch: torch.onnx.export(..., optimize=False))';
}
