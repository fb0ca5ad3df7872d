"""The products, convolutions and training steps of the report's part `matmul` in PyTorch, one thread.

Prints one line of JSON: milliseconds of processor time by the job's id, as the other side has it.
"""

import json
import statistics
import time

import torch
from torch.nn import functional

LEAST_SECONDS, LEAST_CALLS = 1.0, 8


def timed(run, units=1):
    """Median, fastest and slowest milliseconds of one unit of work, and the number of calls."""
    for _ in range(3):
        run()
    taken = []
    started = time.perf_counter()
    while len(taken) < LEAST_CALLS or time.perf_counter() - started < LEAST_SECONDS:
        before = time.process_time()
        run()
        taken.append(1000 * (time.process_time() - before) / units)
    return {"median": statistics.median(taken), "fastest": min(taken), "slowest": max(taken), "n": len(taken)}


def products():
    for m, k, n, turned in [
        (1024, 1024, 1024, ""),
        (256, 1568, 1568, ""),
        (1568, 256, 1568, "a"),
        (256, 1568, 1568, "b"),
    ]:
        a = torch.rand(k, m).T if turned == "a" else torch.rand(m, k)
        b = torch.rand(n, k).T if turned == "b" else torch.rand(k, n)
        yield f"product-{m}-{k}-{n}{'-' + turned if turned else ''}", timed(lambda: a @ b)


def convolutions():
    for kernel, before, after, stride in [(3, 64, 64, 1), (3, 64, 128, 2), (1, 64, 128, 1)]:
        x, weights = torch.rand(16, before, 28, 28), torch.rand(after, before, kernel, kernel)
        dy = torch.rand(16, after, 28 // stride, 28 // stride)
        forward = lambda images, filters: functional.conv2d(images, filters, stride=stride, padding=kernel // 2)

        def gradient(of):
            needed = of.detach().requires_grad_()
            outputs = forward(needed, weights) if of is x else forward(x, needed)
            return torch.autograd.grad(outputs, needed, dy)

        name = f"convolution-{kernel}-{before}-{after}-{stride}"
        yield f"{name}-forward", timed(lambda: forward(x, weights))
        yield f"{name}-input", timed(lambda: gradient(x))
        yield f"{name}-filter", timed(lambda: gradient(weights))


def steps():
    for size in (784, 1568):
        layers = [torch.nn.Linear(size, size), torch.nn.ReLU(), torch.nn.Linear(size, size), torch.nn.ReLU()]
        model = torch.nn.Sequential(*layers, torch.nn.Linear(size, 10))
        optimiser = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4)
        images, labels = torch.rand(6 * 256, size), torch.arange(6 * 256) % 10

        def epoch():
            order = torch.randperm(len(images))
            for rows in order.split(256):
                optimiser.zero_grad()
                functional.cross_entropy(model(images[rows]), labels[rows]).backward()
                optimiser.step()

        yield f"mlp-{size}-step", timed(epoch, 6)


torch.set_num_threads(1)
print(json.dumps({"version": torch.__version__, "timings": dict([*products(), *convolutions(), *steps()])}))
