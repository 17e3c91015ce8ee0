"""Writes ONNX's own node test cases into a folder, each in ONNX's layout, with an index: node_cases.py FOLDER"""

import json
import sys
import warnings
from pathlib import Path

import numpy
import onnx
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases

warnings.simplefilter("ignore")


def value_proto(value, info):
    """None for what is no tensor: a sequence, a missing optional value."""
    if isinstance(value, onnx.TensorProto):
        return value
    if isinstance(value, numpy.ndarray | numpy.generic):
        return numpy_helper.from_array(numpy.asarray(value), info.name)
    return None


def main(folder):
    index = []
    for case in collect_testcases(None):
        if case.model is None:
            continue
        model = case.model
        base, _, expansion = case.name.partition("_expanded")
        index.append(
            {
                "name": case.name,
                "base": base,
                "expanded": case.name != base,
                "operators": [node.op_type for node in model.graph.node],
                "domains": sorted({node.domain for node in model.graph.node}),
            }
        )
        data = Path(folder, case.name, "test_data_set_0")
        data.mkdir(parents=True, exist_ok=True)
        Path(folder, case.name, "model.onnx").write_bytes(model.SerializeToString())
        inputs, outputs = case.data_sets[0]
        for kind, values, infos in (("input", inputs, model.graph.input), ("output", outputs, model.graph.output)):
            for position, (value, info) in enumerate(zip(values, infos)):
                proto = value_proto(value, info)
                if proto is not None:
                    proto.name = info.name
                    Path(data, f"{kind}_{position}.pb").write_bytes(proto.SerializeToString())
    Path(folder, "index.json").write_text(json.dumps({"version": onnx.__version__, "cases": index}))


main(sys.argv[1])
