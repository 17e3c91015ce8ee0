"""PyTorch on the problem of episodes/problem.mjs, in float32 on the processor: tasks one after the other by its autograd, all at
once by vmap, or either under torch.compile."""

import functools
import math

import torch
import torch.nn.functional as F
from problem import uniform
from torch.func import grad, grad_and_value, vmap
from with_torch import start

__all__ = ["forms", "start"]


def initial_parameters(case, layout):
    """In the order of the network: weight, bias, scale and shift of each block, then those of the last layer."""
    channels, blocks = case["channels"], 4
    shapes = []
    for block in range(blocks):
        inputs = case["image"][0] if block == 0 else channels
        shapes += [("weight", [channels, inputs, 3, 3]), ("zero", [channels]), ("one", [channels]), ("zero", [channels])]
    shapes += [("weight", [case["ways"], channels]), ("zero", [case["ways"]])]
    result = []
    for k, (kind, shape) in enumerate(shapes):
        if kind == "weight":
            bound = 1 / math.sqrt(math.prod(shape[1:]))
            tensor = torch.tensor(uniform(math.prod(shape), 10 + k, -bound, bound)).reshape(shape)
        else:
            tensor = torch.full(shape, 1.0 if kind == "one" else 0.0)
        result.append(layout(tensor))
    return result


def samples(case, per_class, seed):
    shape = [case["tasks"], case["ways"] * per_class, *case["image"]]
    x = torch.tensor(uniform(math.prod(shape), seed, 0, 1)).reshape(shape)
    y = torch.arange(case["ways"]).repeat_interleave(per_class).expand(case["tasks"], -1).contiguous()
    return x, y


def loss(epsilon, parameters, x, y):
    *blocks, weight, bias = parameters
    for at in range(0, len(blocks), 4):
        kernel, shift, scale, offset = blocks[at : at + 4]
        x = F.conv2d(x, kernel, shift, padding=1)
        x = F.batch_norm(x, None, None, scale, offset, training=True, eps=epsilon)
        if at + 4 < len(blocks):
            x = F.relu(x)
        x = F.max_pool2d(x, 2)
    return F.cross_entropy(F.linear(x.flatten(1), weight, bias), y)


class Job:
    def __init__(self, case, method, channels_last, compiled):
        def layout(tensor):
            return tensor.to(memory_format=torch.channels_last) if channels_last and tensor.ndim == 4 else tensor

        self.rate = case["rate"]
        self.start = initial_parameters(case, layout)
        support, query = samples(case, case["shots"], 1), samples(case, case["queries"], 2)
        self.tasks = *support, *query
        if method is loop:
            self.tasks = [[layout(array) for array in task] for task in zip(*self.tasks)]
        gradient = functools.partial(method, functools.partial(loss, case["epsilon"]), case["innerRate"])
        self.gradient = torch.compile(gradient) if compiled else gradient
        self.reset()

    def reset(self):
        self.u = [p.clone().requires_grad_(True) for p in self.start]

    def check(self):
        gradients, value = self.gradient(self.u, self.tasks)
        return value.item(), torch.sqrt(sum((d * d).sum() for d in gradients)).item()

    def run(self, count):
        for _ in range(count):
            gradients, value = self.gradient(self.u, self.tasks)
            with torch.no_grad():
                for p, d in zip(self.u, gradients):
                    p.sub_(d, alpha=self.rate)
        return value.item()


def loop(cost, inner_rate, u, tasks):
    """One task after the other: what a task needs is freed before the next one begins."""
    total, value = [torch.zeros_like(p) for p in u], 0.0
    for support_x, support_y, query_x, query_y in tasks:
        slopes = torch.autograd.grad(cost(u, support_x, support_y), u, create_graph=True)
        v = [p - inner_rate * d for p, d in zip(u, slopes)]
        upper = cost(v, query_x, query_y)
        for sum_so_far, d in zip(total, torch.autograd.grad(upper, u)):
            sum_so_far.add_(d, alpha=1 / len(tasks))
        value = value + upper.detach() / len(tasks)
    return total, value


def at_once(cost, inner_rate, u, tasks):
    """All tasks in one vectorized function."""

    def of_task(u, support_x, support_y, query_x, query_y):
        slopes = grad(cost)(u, support_x, support_y)
        return cost([p - inner_rate * d for p, d in zip(u, slopes)], query_x, query_y)

    def mean(u):
        return vmap(of_task, in_dims=(None, 0, 0, 0, 0))(u, *tasks).mean()

    return grad_and_value(mean)([p.detach() for p in u])


def forms(step, case, option):
    """What may be fastest, the likeliest first: names, and how to build each."""
    if option == "loop":
        yield "channels last", functools.partial(Job, case, loop, True, False)
        yield "channels first", functools.partial(Job, case, loop, False, False)
    elif option == "vmap":
        yield "", functools.partial(Job, case, at_once, False, False)
    else:
        yield "vmap", functools.partial(Job, case, at_once, False, True)
