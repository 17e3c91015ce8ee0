import type { NetworkInput } from '../model-graph.js';
import type { Exporter } from '../origins.js';
import { quote } from '../quote.js';

const legacy = 'training=torch.onnx.TrainingMode.TRAINING, do_constant_folding=False';

/** How to export with everything that training needs: exporters have options that others ignore. */
export function exportForTraining(exporter: Exporter): string {
  if (exporter === 'dynamo') return 'export with torch.onnx.export(..., optimize=False)';
  if (exporter === 'torchscript') return `export with torch.onnx.export(..., dynamo=False, ${legacy})`;
  if (exporter === 'tf2onnx') {
    return 'export from Keras on PyTorch, or with tf2onnx.convert.from_keras(..., optimizers=...) without remove_back_to_back';
  }
  if (exporter === 'skl2onnx') return 'export the unchanged model again with skl2onnx.to_onnx';
  return 'export it again without optimization (of PyTorch: torch.onnx.export(..., optimize=False))';
}

/**
 * The lines of Python that export a module to `file` so that nothing is lost: the same exporter with what training
 * needs; for a file of an unknown program what PyTorch's own takes.
 */
export function exportLines(exporter: Exporter, inputs: readonly NetworkInput[], file: string): readonly string[] {
  const path = JSON.stringify(file);
  if (exporter === 'tf2onnx') return kerasLines(path);
  if (exporter === 'skl2onnx') return scikitLines(path);
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

/** Keras on PyTorch, whose older exporter keeps everything: tf2onnx leaves dropout out whatever it is told. */
const kerasLines = (path: string): readonly string[] => [
  'import os',
  'os.environ["KERAS_BACKEND"] = "torch"  # before Keras is imported',
  'import keras, torch',
  'model = keras.models.load_model("model.keras")',
  'model(x)  # x is a tensor of torch; Keras exports no model that was never called',
  `torch.onnx.export(model, (x,), ${path}, dynamo=False, input_names=["x"],`,
  '    dynamic_axes={"x": {0: "batch"}}, training=torch.onnx.TrainingMode.TRAINING, do_constant_folding=False)',
  '# Or with TensorFlow, which keeps batch normalization but no dropout:',
  'from tf2onnx import convert, optimizer',
  'kept = {name: each for name, each in optimizer._get_optimizers().items() if name != "remove_back_to_back"}',
  `convert.from_keras(model, opset=17, optimizers=kept, output_path=${path})`,
];

/** Without ZipMap, which makes dictionaries of the probabilities. */
const scikitLines = (path: string): readonly string[] => [
  'from skl2onnx import to_onnx',
  'options = {id(model): {"zipmap": False}}  # of a regressor: None',
  `with open(${path}, "wb") as file:`,
  '    file.write(to_onnx(model, X[:1].astype("float32"), options=options).SerializeToString())',
];
