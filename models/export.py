"""Writes the networks of this folder: PyTorch modules in their default initialisation, exported to ONNX.

    python3 -m venv venv && venv/bin/pip install torch onnx onnxscript onnxruntime
    venv/bin/python models/export.py [NAME ...]          # all networks by default

Each network maps images [batch, 1, 28, 28] to logits [batch, 10] with a free batch axis, and is exported the way users
do: some through the TorchScript exporter, some through the dynamo exporter. manifest.json is rewritten from the files.
"""

import hashlib
import json
import math
import re
import sys
import tempfile
from pathlib import Path
from typing import Callable, NamedTuple

import numpy
import onnx
import onnxruntime
import torch
from torch import nn

FOLDER = Path(__file__).resolve().parent
INPUT, OUTPUT = "image", "logits"


class Recipe(NamedTuple):
    description: str
    build: Callable[[], nn.Module]
    exporter: str
    opset: int


def logreg() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))


def mlp() -> nn.Module:
    return nn.Sequential(
        nn.Flatten(), nn.Linear(784, 300), nn.ReLU(), nn.Linear(300, 100), nn.ReLU(), nn.Linear(100, 10)
    )


def lenet() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip


def mnist_cnn() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 64, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25),
        nn.Conv2d(64, 128, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25), nn.Flatten(),
        nn.Linear(2048, 512), nn.ReLU(), nn.Dropout(0.5),
        nn.Linear(512, 256), nn.ReLU(), nn.Dropout(0.5), nn.Linear(256, 10),
    )  # fmt: skip


RECIPES = {
    "logreg": Recipe("Softmax regression 784-10.", logreg, "torchscript", 17),
    "mlp": Recipe("Perceptron 784-300-100-10 with ReLU.", mlp, "dynamo", 18),
    "lenet": Recipe(
        "LeNet: conv 5x5x6 (padding 2), max-pool 2, conv 5x5x16, max-pool 2, dense 120, 84, 10, with ReLU.",
        lenet, "torchscript", 17,
    ),
    "mnist-cnn": Recipe(
        "The MNIST network of Mehra and Hamm (2021), section 3.2: conv 5x5x64, max-pool 2, conv 5x5x128, max-pool 2, "
        "dense 512, 256, 10, with ReLU. Its dropout layers are inactive, as in the paper's bilevel steps.",
        mnist_cnn, "dynamo", 20,
    ),
}  # fmt: skip


def export(module: nn.Module, recipe: Recipe) -> onnx.ModelProto:
    sample = torch.zeros(2, 1, 28, 28)
    names = {"input_names": [INPUT], "output_names": [OUTPUT], "opset_version": recipe.opset}
    with tempfile.NamedTemporaryFile(suffix=".onnx") as file:
        if recipe.exporter == "dynamo":
            shapes = ({0: torch.export.Dim("batch")},)
            torch.onnx.export(module, (sample,), file.name, dynamo=True, dynamic_shapes=shapes,
                              external_data=False, verbose=False, **names)  # fmt: skip
        else:
            axes = {INPUT: {0: "batch"}, OUTPUT: {0: "batch"}}
            torch.onnx.export(module, (sample,), file.name, dynamo=False, dynamic_axes=axes, **names)
        return onnx.load(file.name)


def strip_traces(model: onnx.ModelProto) -> None:
    """Removes the exporter's Python stack traces, which name files of the machine that ran it."""
    for proto in [model.graph, *model.graph.node, *model.graph.input, *model.graph.output, *model.graph.value_info]:
        proto.ClearField("doc_string")
        proto.ClearField("metadata_props")


def check(model: onnx.ModelProto, module: nn.Module) -> None:
    """ONNX Runtime must give the logits that PyTorch gives, for batches of several sizes."""
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    for batch in (1, 2, 7):
        images = torch.rand(batch, 1, 28, 28, generator=torch.Generator().manual_seed(batch))
        expected = module(images).detach().numpy()
        (received,) = session.run([OUTPUT], {INPUT: images.numpy()})
        numpy.testing.assert_allclose(received, expected, rtol=0, atol=1e-5 * numpy.abs(expected).max())


def shape_of(value: onnx.ValueInfoProto) -> list:
    return [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]


def manifest_entry(name: str, recipe: Recipe) -> dict:
    """Describes the file as it lies in the folder, so the manifest can be rewritten without exporting again."""
    path = FOLDER / f"{name}.onnx"
    model = onnx.load(path)
    parameters = {p.name: list(p.dims) for p in model.graph.initializer if p.data_type == onnx.TensorProto.FLOAT}
    return {
        "name": name,
        "description": recipe.description,
        "file": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "opset": next(o.version for o in model.opset_import if o.domain == ""),
        "exporter": f"{recipe.exporter} ({model.producer_name} {model.producer_version})",
        "input": {"name": model.graph.input[0].name, "shape": shape_of(model.graph.input[0])},
        "output": {"name": model.graph.output[0].name, "shape": shape_of(model.graph.output[0])},
        "operators": sorted({node.op_type for node in model.graph.node}),
        "parameterCount": sum(math.prod(shape) for shape in parameters.values()),
        "parameters": parameters,
    }


def to_json(entries: list) -> str:
    """Indented, with every list of plain values on one line."""
    text = json.dumps(entries, indent=2)
    return re.sub(r"\[\s+([^][{}]+?)\s+\]", lambda m: f"[{' '.join(m[1].split())}]", text) + "\n"


def main(names: list[str]) -> None:
    for name in names or RECIPES:
        recipe = RECIPES[name]
        torch.manual_seed(0)
        module = recipe.build().eval()
        model = export(module, recipe)
        strip_traces(model)
        check(model, module)
        onnx.save(model, FOLDER / f"{name}.onnx")
    entries = [manifest_entry(name, recipe) for name, recipe in RECIPES.items()]
    (FOLDER / "manifest.json").write_text(to_json(entries))


if __name__ == "__main__":
    main(sys.argv[1:])
