import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { bilevel, fixtures } from '../support/command-line.js';
import { buildModel, encode, type TestModel, tensor } from '../support/onnx/builder.js';
import { withTemporary } from '../support/temporary.js';

const python = process.env.BILEVEL_PYTHON ?? 'python3';

function hasExporter(): boolean {
  try {
    execFileSync(python, ['-c', 'import torch, onnx, onnxscript'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

test('a loss is named with the lines that keep it, and the exit status tells', async (t) => {
  const { status, stdout } = await bilevel('doctor', join(fixtures, 'conv4-eval', 'model.onnx'));
  t.is(status, 1);
  t.regex(stdout, /^\S+ {2}opset \d+, written by PyTorch's older exporter$/m);
  t.regex(stdout, /^lost FOLDED_BATCH_NORM$/m);
  t.regex(stdout, /^ {2}torch\.onnx\.export\(module, \(x,\), "\S+model\.onnx", dynamo=False, input_names=\["\w+"\],$/m);
  t.regex(stdout, /do_constant_folding=False\)\n$/);
});

test('a file that lost nothing is told so', async (t) => {
  const { status, stdout } = await bilevel('doctor', 'logreg');
  t.is(status, 0);
  t.regex(stdout, /Nothing that training needs was lost\.\n$/);
  t.notRegex(stdout, /torch\.onnx/);
});

test('a file that cannot be read is an error', async (t) => {
  const { status, stderr } = await bilevel('doctor', join(fixtures, 'none.onnx'));
  t.is(status, 1);
  t.regex(stderr, /NOT_FOUND/);
});

/** What `bilevel doctor` says of a model by another program. */
const examine = (producerName: string, model: TestModel) =>
  withTemporary(async (folder) => {
    const path = join(folder, 'model.onnx');
    await writeFile(path, encode({ ...buildModel(model), producerName }));
    return bilevel('doctor', path);
  });

test('of a file of tf2onnx it tells the batch normalization that was fused, and how Keras exports it', async (t) => {
  const name = 'model/conv2d/Conv2D';
  const { status, stdout } = await examine('tf2onnx', {
    inputs: { x: { shape: ['batch', 1, 3, 3] } },
    initializers: {
      [`${name}_weights_fused_bn`]: tensor([1, 2, 3, 4], [1, 1, 2, 2]),
      [`${name}_bias_fused_bn`]: tensor([0.5]),
    },
    nodes: [{ op: 'Conv', name, inputs: ['x', `${name}_weights_fused_bn`, `${name}_bias_fused_bn`], outputs: ['y'] }],
    outputs: ['y'],
  });
  t.is(status, 1);
  t.regex(stdout, /written by tf2onnx, the converter of Keras and TensorFlow$/m);
  t.regex(stdout, /^lost FOLDED_BATCH_NORM$/m);
  t.regex(stdout, /^ {2}os\.environ\["KERAS_BACKEND"\] = "torch"/m);
  t.regex(stdout, /^ {2}convert\.from_keras\(model, opset=17, optimizers=kept, output_path="\S+model\.onnx"\)$/m);
  t.notRegex(stdout, /module\.train/);
});

const classifier = {
  name: 'LinearClassifier',
  op: 'LinearClassifier',
  domain: 'ai.onnx.ml',
  inputs: ['x'],
  attributes: {
    coefficients: { floats: [1, 2, -1, -2] },
    intercepts: { floats: [0.5, -0.5] },
    classlabels_ints: [0, 1],
    post_transform: 'SOFTMAX',
  },
};

test('of a file of skl2onnx with a ZipMap it tells how to export without', async (t) => {
  const { status, stdout, stderr } = await examine('skl2onnx', {
    inputs: { x: { shape: ['batch', 2] } },
    nodes: [
      { ...classifier, outputs: ['label', 'probabilities'] },
      { op: 'ZipMap', name: 'ZipMap', domain: 'ai.onnx.ml', inputs: ['probabilities'], outputs: ['dictionaries'] },
    ],
    outputs: ['dictionaries'],
  });
  t.is(status, 1);
  t.regex(stderr, /ZipMap.*UNSUPPORTED_OPERATOR/s);
  t.regex(stdout, /outputs: \['probabilities'\]/);
  t.regex(stdout, /^ {2}options = \{id\(model\): \{"zipmap": False\}\}/m);
  t.notRegex(stdout, /torch/);
});

test('a classifier of skl2onnx without a ZipMap has lost nothing', async (t) => {
  const { status, stdout } = await examine('skl2onnx', {
    inputs: { x: { shape: ['batch', 2] } },
    nodes: [{ ...classifier, outputs: ['label', 'probabilities'] }],
    outputs: ['probabilities'],
  });
  t.is(status, 0);
  t.regex(stdout, /written by skl2onnx, the converter of scikit-learn\n\nNothing that training needs was lost\.\n$/);
});

/** Modules of which exporters lose something by default, and a sample. */
const modules = `
import sys, torch
from torch import nn
torch.manual_seed(0)
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(20, 16)
        self.layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
        self.head = nn.Linear(16, 3)
    def forward(self, x):
        return self.head(self.layer(self.embed(x)).mean(1))
modules = {
    'classifier': (nn.Sequential(nn.Flatten(), nn.Linear(8, 8), nn.ReLU(), nn.LayerNorm(8), nn.Linear(8, 8), nn.LayerNorm(8), nn.Linear(8, 3)), torch.randn(4, 8)),
    'normalized': (nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(144, 3)), torch.randn(4, 1, 8, 8)),
    'transformer': (Block(), torch.randint(0, 20, (4, 6))),
}
module, x = modules[sys.argv[1]]
`;

for (const name of ['classifier', 'normalized', 'transformer']) {
  for (const exporter of ['dynamo', 'torchscript']) {
    test(`${name}: what is told of the file of ${exporter} exports everything`, (t) =>
      withTemporary(async (folder) => {
        if (!hasExporter()) {
          t.log(`skipped: ${python} has no torch with onnx and onnxscript; BILEVEL_PYTHON names a Python that has`);
          t.pass();
          return;
        }
        const path = join(folder, 'model.onnx');
        const run = (...lines: readonly string[]): unknown =>
          execFileSync(python, ['-c', [modules, ...lines].join('\n'), name], { stdio: 'pipe' });
        const examine = async (): Promise<{ exporter: string; lost: { code: string }[]; export: string[] }> =>
          JSON.parse((await bilevel('doctor', path, '--json')).stdout);
        // As people export for inference.
        run(
          'module.eval()',
          `torch.onnx.export(module, (x,), ${JSON.stringify(path)}, dynamo=${exporter === 'dynamo' ? 'True, external_data=False' : 'False'})`,
        );
        const before = await examine();
        t.is(before.exporter, exporter);
        t.true(before.export.length > 0, 'the number of samples is fixed at least');
        run(...before.export);
        t.deepEqual((await examine()).lost, []);
      }));
  }
}
