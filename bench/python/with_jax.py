"""JAX, in float32 on the processor: one jitted step whose state is donated, in (height, width, channel) layout.

In the forms of `forms`: the penalty's gradient by reverse-over-reverse or forward-over-reverse, and the max-pool that is
fastest among those whose derivatives are right.
"""

import functools

import jax
import jax.numpy as jnp

import problem


def max_over_axes(x):
    """A last odd row or column is left out."""
    n, h, w, c = x.shape
    x = x[:, : h // 2 * 2, : w // 2 * 2]
    return x.reshape(n, h // 2, 2, w // 2, 2, c).max((2, 4))


def max_over_windows(x):
    return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


def logits(case, images, v):
    max_pool = max_over_windows if case.get("windows") else max_over_axes
    parameters = iter(v)

    def convolve(x, layer):
        padding = [(layer["padding"],) * 2] * 2
        layout = ("NHWC", "HWIO", "NHWC")
        x = jax.lax.conv_general_dilated(x, next(parameters), (1, 1), padding, dimension_numbers=layout)
        if not layer.get("normalized"):
            return x + next(parameters)
        centred = x - x.mean((0, 1, 2))
        variance = jnp.square(centred).mean((0, 1, 2))
        return centred * jax.lax.rsqrt(variance + case["epsilon"]) * next(parameters) + next(parameters)

    def block(x, layer):
        inner = x
        for each in layer["convolutions"][:-1]:
            inner = jax.nn.leaky_relu(convolve(inner, each), case["leak"])
        total = convolve(inner, layer["convolutions"][-1]) + convolve(x, layer["shortcut"])
        return max_pool(jax.nn.leaky_relu(total, case["leak"]))

    apply = {
        "conv": lambda x, layer: max_pool(jax.nn.relu(convolve(x, layer))),
        "block": block,
        "average": lambda x, layer: x.mean((1, 2)),
        "dense": lambda x, layer: x.reshape(x.shape[0], -1) @ next(parameters) + next(parameters),
    }
    x = images
    for k, layer in enumerate(case["layers"]):
        x = apply[layer["kind"]](x, layer)
        if layer["kind"] == "dense" and k < len(case["layers"]) - 1:
            x = jax.nn.relu(x)
    return x


def sum_of_squares(arrays):
    return sum(jnp.square(a).sum() for a in arrays)


def cross_entropy(case, images, labels, v):
    z = logits(case, images, v)
    return jax.nn.logsumexp(z, -1) - (z * labels).sum(-1)


def sgd(case, data, v):
    return jax.value_and_grad(lambda v: cross_entropy(case, *data["train"], v).mean())(v)


def costs(case, data):
    lower = lambda v: (jax.nn.sigmoid(data["u"]) * cross_entropy(case, *data["train"], v)).mean()
    upper = lambda v: cross_entropy(case, *data["validation"], v).mean()
    return lower, upper


def reverse_over_reverse(case, data, v):
    lower, upper = costs(case, data)
    return jax.value_and_grad(lambda v: upper(v) + case["gamma"] / 2 * sum_of_squares(jax.grad(lower)(v)))(v)


def forward_over_reverse(case, data, v):
    lower, upper = costs(case, data)
    gamma = case["gamma"]
    gradient, product = jax.linearize(jax.grad(lower), v)
    value, upper_gradient = jax.value_and_grad(upper)(v)
    curved = product(gradient)
    return value + gamma / 2 * sum_of_squares(gradient), [a + gamma * b for a, b in zip(upper_gradient, curved)]


class Job:
    def __init__(self, step, case, method):
        images, labels, upper_images, upper_labels, u = problem.data(case)
        batch = lambda x, y: (jnp.array(x.transpose(0, 2, 3, 1)), jax.nn.one_hot(y, case["classes"]))
        self.data = {"train": batch(images, labels), "validation": batch(upper_images, upper_labels), "u": jnp.array(u)}
        self.case = case
        self.adam = step == "penalty"
        self.gradient = functools.partial(method, case)
        self.step = jax.jit(self.update, donate_argnums=1)
        self.reset()

    def reset(self):
        v = [jnp.array(p) for p in problem.initial_weights(self.case)]
        zeros = lambda: [jnp.zeros_like(p) for p in v]
        self.state = (v, zeros(), zeros(), jnp.zeros(())) if self.adam else (v,)

    def update(self, data, state):
        value, gradient = self.gradient(data, state[0])
        rate = self.case["rate"]
        if not self.adam:
            return value, ([p - rate * d for p, d in zip(state[0], gradient)],)
        beta1, beta2, epsilon = (self.case["adam"][name] for name in ("beta1", "beta2", "epsilon"))
        v, m, s, t = state
        t = t + 1
        size = rate * jnp.sqrt(1 - beta2**t) / (1 - beta1**t)
        m = [beta1 * a + (1 - beta1) * d for a, d in zip(m, gradient)]
        s = [beta2 * a + (1 - beta2) * jnp.square(d) for a, d in zip(s, gradient)]
        v = [p - size * a / (jnp.sqrt(b) + epsilon) for p, a, b in zip(v, m, s)]
        return value, (v, m, s, t)

    def check(self):
        value, gradient = jax.jit(self.gradient)(self.data, self.state[0])
        return float(value), float(jnp.sqrt(sum_of_squares(gradient)))

    def run(self, count):
        for _ in range(count):
            value, self.state = self.step(self.data, self.state)
        jax.block_until_ready(self.state)
        return float(value)


def forms(step, case, _option):
    """What may be fastest: names, and how to build each.

    The maximum over axes is up to three times faster, but its derivative asks where x == max(x): XLA computes what a residual
    block pools twice, in fusions that round differently, so that some maxima are found nowhere. The norm of ResNet-12's
    second derivatives is off by 2.6 % (it is right in float64, and without fusions), while reduce_window is right.
    """
    methods = {"forward-over-reverse": forward_over_reverse, "reverse-over-reverse": reverse_over_reverse}
    windows = step == "penalty" and any(layer["kind"] == "block" for layer in case["layers"])
    for name, method in {"": sgd}.items() if step == "sgd" else methods.items():
        form = f"{name}, reduce_window" if windows else name
        yield form, functools.partial(Job, step, {**case, "windows": windows}, method)


def start(_threads):
    """JAX starts a thread for every processor that this process may use, as bilevel does."""
    jax.config.update("jax_platforms", "cpu")
    return {"JAX": jax.__version__}
