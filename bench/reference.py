"""Writes reference.json: what every contender must reproduce, in float64 by PyTorch's autograd.

    venv/bin/python bench/reference.py        # needs torch, numpy

The problem is that of problem.mjs. For each network and step: the value (CE or F) and the 2-norm of its gradient in v at
the start, and the value after five updates.
"""

import json
import math
from pathlib import Path

import numpy
import torch
from torch.nn import functional

BATCH, UPPER, GAMMA, RATE, UPDATES = 200, 1000, 10, 1e-3, 5
NETWORKS = {
    "logreg": [(784, 10)],
    "mlp": [(784, 300), (300, 100), (100, 10)],
    "lenet": [(5, 5, 1, 6), (5, 5, 6, 16), (400, 120), (120, 84), (84, 10)],
    "mnist-cnn": [(5, 5, 1, 64), (5, 5, 64, 128), (2048, 512), (512, 256), (256, 10)],
}
PADDING = {(5, 5, 1, 6): 2}


def uniform(count, seed, low, high):
    mask = 0xFFFFFFFF
    h = ((numpy.arange(count, dtype=numpy.uint64) + 1 + seed * 1000003) * 0x9E3779B1) & mask
    h = ((h ^ (h >> 15)) * 0x85EBCA77) & mask
    h = ((h ^ (h >> 13)) * 0xC2B2AE3D) & mask
    values = low + (high - low) * ((h ^ (h >> 16)) / 2**32)
    return torch.tensor(values.astype(numpy.float32)).double()


def weights(shapes):
    result = []
    for k, shape in enumerate(shapes):
        bound = math.sqrt(6 / (math.prod(shape[:-2]) * sum(shape[-2:])))
        result += [uniform(math.prod(shape), 10 + k, -bound, bound).reshape(shape), torch.zeros(shape[-1]).double()]
    return result


def network(shapes, x, v):
    for k, shape in enumerate(shapes):
        weight, bias = v[2 * k], v[2 * k + 1]
        if len(shape) == 4:
            x = functional.conv2d(x, weight.permute(3, 2, 0, 1), bias, padding=PADDING.get(shape, 0))
            x = functional.max_pool2d(x.relu(), 2)
        else:
            x = x.permute(0, 2, 3, 1).flatten(1) if x.ndim == 4 else x
            x = x @ weight + bias
            x = x.relu() if k < len(shapes) - 1 else x
    return x


def problem(shapes):
    images = lambda seed: uniform(BATCH * 784, seed, -0.5, 0.5).reshape(BATCH, 1, 28, 28)
    labels = lambda seed: uniform(BATCH, seed, 0, 10).long()
    x, y, x_val, y_val = images(1), labels(2), images(3), labels(4)
    u = uniform(UPPER, 5, -1, 1)[(37 * torch.arange(BATCH) + 11) % UPPER]

    def loss(v):
        return functional.cross_entropy(network(shapes, x, v), y)

    def penalty(v):
        g = (u.sigmoid() * functional.cross_entropy(network(shapes, x, v), y, reduction="none")).mean()
        f = functional.cross_entropy(network(shapes, x_val, v), y_val)
        return f + GAMMA / 2 * sum(d.square().sum() for d in torch.autograd.grad(g, v, create_graph=True))

    return {"sgd": loss, "penalty": penalty}


def value_and_gradient(cost, v):
    v = [p.detach().requires_grad_(True) for p in v]
    value = cost(v)
    return value.item(), torch.autograd.grad(value, v)


def descend(kind, cost, v):
    """Plain gradient steps, or Adam with epsilon outside the bias correction."""
    m, s = [torch.zeros_like(p) for p in v], [torch.zeros_like(p) for p in v]
    for t in range(1, UPDATES + 1):
        _, gradient = value_and_gradient(cost, v)
        if kind == "sgd":
            v = [p - RATE * d for p, d in zip(v, gradient)]
            continue
        m = [0.9 * a + 0.1 * d for a, d in zip(m, gradient)]
        s = [0.999 * a + 0.001 * d * d for a, d in zip(s, gradient)]
        size = RATE * math.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        v = [p - size * a / (b.sqrt() + 1e-8) for p, a, b in zip(v, m, s)]
    return v


def main():
    result = {}
    for name, shapes in NETWORKS.items():
        result[name] = {}
        for kind, cost in problem(shapes).items():
            start = weights(shapes)
            value, gradient = value_and_gradient(cost, start)
            norm = math.sqrt(sum(d.square().sum().item() for d in gradient))
            later, _ = value_and_gradient(cost, descend(kind, cost, start))
            result[name][kind] = {"value": value, "gradientNorm": norm, "valueAfterUpdates": later}
    Path(__file__).with_name("reference.json").write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
