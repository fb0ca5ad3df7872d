"""PyTorch's and captum's side of `npm run bench:performance`: runs jobs that come as lines of JSON, and times them.

Every line is answered by one line. {"prepare": job} makes a job ready, {"run": {"threads": t, ...}} runs it once and says
how many seconds that took on the wall and of the processors, {"save": path} writes what the last run computed.
"""

import json
import sys
import time
import traceback
import warnings

import attributions
import networks
import numpy as np
import torch
import training
from safetensors.numpy import load_file, save_file

# What captum warns of is known and wanted here: hooks, and gradients that inputs come to require.
warnings.filterwarnings("ignore")


# On a machine with a card PyTorch computes there, as its users would have it.
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
torch.set_default_device(DEVICE)


def read(job):
    """What makes a network with the weights of the job's file, and its images and references [n, channels, height, width]."""
    arrays = load_file(job["file"])
    weights = {name.removeprefix("weights/"): arrays[name] for name in arrays if name.startswith("weights/")}

    def build():
        model = networks.network(job["network"], arrays["images"].shape[1:], job["classes"])
        networks.load(model, weights)
        return model

    first = lambda values: torch.from_numpy(values).permute(0, 3, 1, 2).contiguous().to(DEVICE)
    return build, first(arrays["images"]), first(arrays["references"])


def where():
    return torch.cuda.get_device_name() if DEVICE.type == "cuda" else "the CPU"


def repeated(images, count):
    return images[torch.arange(count) % len(images)]


class Attribution:
    """One method on some images of one network."""

    def __init__(self, job):
        build, images, self.references = read(job)
        self.model = build().eval()
        if job["method"] in attributions.FOLDED:
            networks.fold(self.model)
        first = job.get("first", 0)
        self.images = images[first : first + job["images"]]
        self.target = self.model(self.images).argmax(1).detach()
        self.method, self.settings = attributions.METHODS[job["method"]], job["settings"]

    def run(self, options):
        self.result = self.method(
            self.model, self.images, self.target, options.get("rows", 0), self.settings, self.references
        )

    def save(self, path):
        maps = self.result.detach().permute(0, 2, 3, 1).cpu().numpy()
        save_file({"maps": np.ascontiguousarray(maps, dtype=np.float32)}, path)


class Training:
    """One epoch of `steps` batches."""

    def __init__(self, job):
        count = job["batch"] * job["steps"]
        build, images, _ = read(job)
        self.model = build()
        self.images = repeated(images, count)
        self.labels = torch.arange(count) % job["classes"]
        self.optimiser = training.sgd(self.model, job["settings"])
        self.batch, self.adversary = job["batch"], job["adversary"]

    def run(self, _):
        training.epoch(self.model, self.optimiser, self.images, self.labels, self.batch, self.adversary)


class Retrainings:
    """A part of a DiffROAR grid: for each level and side a training from scratch on masked images, and its predictions."""

    def __init__(self, job):
        self.job = job
        self.build, images, scores = read(job)
        self.images, self.scores = (repeated(values, job["images"]) for values in (images, scores))
        self.labels = torch.arange(job["images"]) % job["classes"]

    def run(self, _):
        job = self.job
        for level, side in job["grid"]:
            kept = self.scores < level if side == "top" else self.scores >= 1 - level
            images = self.images * kept
            model = self.build()
            optimiser = training.sgd(model, job["settings"])
            for _ in range(job["epochs"]):
                training.epoch(model, optimiser, images, self.labels, job["batch"])
            with torch.no_grad():
                model.eval()
                self.result = torch.cat([model(part).argmax(1) for part in images.split(256)])


class Products:
    """Square products, one after the other."""

    def __init__(self, job):
        self.a, self.b = (torch.rand(job["size"], job["size"]) for _ in range(2))
        self.times = job["times"]

    def run(self, _):
        for _ in range(self.times):
            self.a @ self.b


class Convolution:
    """One convolution or one of its gradients, over and over, with the channels first or last in memory."""

    def __init__(self, job):
        one = job["convolution"]
        n, height, width, channels = one["images"]
        rows, columns, _, filters = one["filter"]
        top, bottom, left, right = one["padding"]
        if top != bottom or left != right:
            raise ValueError(f"padding {one['padding']}, expected as much on both sides")
        order = torch.channels_last if job["layout"] == "last" else torch.contiguous_format
        random = lambda *shape: torch.rand(*shape).contiguous(memory_format=order)
        self.images, self.filter = random(n, channels, height, width), random(filters, channels, rows, columns)
        self.settings = [one["strides"], [top, left], one["dilations"]]
        self.wanted = [one["of"] == "input", one["of"] == "filter", False]
        self.gradient = random(*self.forward().shape)
        self.times = job["times"]

    def forward(self):
        strides, padding, dilations = self.settings
        return torch.nn.functional.conv2d(self.images, self.filter, None, strides, padding, dilations)

    def run(self, _):
        with torch.no_grad():
            for _ in range(self.times):
                if any(self.wanted):
                    torch.ops.aten.convolution_backward(
                        self.gradient, self.images, self.filter, None, *self.settings, False, [0, 0], 1, self.wanted
                    )
                else:
                    self.forward()


KINDS = {
    "attribution": Attribution,
    "training": Training,
    "retrainings": Retrainings,
    "products": Products,
    "convolution": Convolution,
}


def main():
    job = None
    for line in sys.stdin:
        try:
            request = json.loads(line)
            answer = {}
            if "prepare" in request:
                torch.manual_seed(0)
                job = KINDS[request["prepare"]["kind"]](request["prepare"])
                answer = {"versions": {"torch": f"{torch.__version__} on {where()}"}}
            elif "run" in request:
                torch.set_num_threads(request["run"]["threads"])
                started, before = time.perf_counter(), time.process_time()
                repeats = request["run"].get("repeats", 1)
                for _ in range(repeats):
                    job.run(request["run"])
                if DEVICE.type == "cuda":
                    torch.cuda.synchronize()
                wall, processor = time.perf_counter() - started, time.process_time() - before
                answer = {"wall": wall / repeats, "processor": processor / repeats}
            elif "save" in request:
                job.save(request["save"])
        except Exception:
            answer = {"error": traceback.format_exc()}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
