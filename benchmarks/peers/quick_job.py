"""The quick BlockMNIST job from its first line to its last, as a user of PyTorch and captum would write it.

Trains every network of the job file, attributes all test images of each by every method, and says which share of each
map lies in the null block: of the total |attribution|, and of its highest coordinates. Networks are shared between the
processes, the longest training first. The last line is JSON: figures of each network, and seconds by kind of work.
"""

import argparse
import itertools
import json
import multiprocessing
import time

import attributions
import networks
import torch
import training
from safetensors.numpy import load_file
from torch import nn

# About how many images one pass of the network holds, for captum's batch options.
ROWS = 1024


class Perceptron(networks.Perceptron):
    """Two hidden layers of `units`."""

    def __init__(self, size, units, classes):
        super().__init__(units, classes)
        self.hidden_1 = nn.Linear(size, units)


class Job:
    """The job file with its arrays; images as [n, channels, height, width] from 0 to 1."""

    def __init__(self, path):
        with open(path) as file:
            self.settings = json.load(file)
        self.arrays = load_file(self.settings["file"])
        self.train, self.test = self.split("train"), self.split("test")
        self.null = torch.from_numpy(self.arrays["test/null"]).flatten(1).float()

    def split(self, name):
        images, labels = self.arrays[f"{name}/images"], self.arrays[f"{name}/labels"]
        scaled = torch.from_numpy(images).permute(0, 3, 1, 2).contiguous().float() / 255
        return scaled, torch.from_numpy(labels).long()

    def network(self, prefix):
        weights = {name.removeprefix(prefix): self.arrays[name] for name in self.arrays if name.startswith(prefix)}
        size, units = weights["hidden-1/kernel"].shape
        return networks.load(Perceptron(size, units, self.settings["classes"]), weights)


def schedule(optimiser, settings, steps):
    """Sets the rate before every step: linear warm-up, then step decay; `steps` are those of an epoch."""
    taken = itertools.count()

    def set_rate(*_):
        step = next(taken)
        decayed = settings["learningRate"] * settings["decayFactor"] ** (step // steps // settings["decayEvery"])
        for group in optimiser.param_groups:
            group["lr"] = decayed * min(1, (step + 1) / max(1, settings["warmupEpochs"] * steps))

    optimiser.register_step_pre_hook(set_rate)


def train(job, wanted):
    """A trained network in evaluation mode, and its accuracies."""
    torch.manual_seed(wanted["index"])
    model, settings = job.network(wanted["weights"]), wanted["settings"]
    images, labels = job.train
    optimiser = training.sgd(model, settings)
    schedule(optimiser, settings, -(-len(images) // settings["batchSize"]))
    for _ in range(settings["epochs"]):
        training.epoch(model, optimiser, images, labels, settings["batchSize"], wanted["adversary"])
    model.eval()
    images, labels = job.test
    adversary = wanted["testAdversary"]
    attacked = training.attack(model, images, labels, adversary["eps"], adversary["steps"])
    with torch.no_grad():
        right = lambda batch: (model(batch).argmax(1) == labels).float().mean().item()
        return model, {"testAccuracy": right(images), "robustAccuracy": right(attacked)}


def leak(maps, null, counts):
    """Shares in the null block, means over images; a map of zeros has the block's share of the area."""
    size = maps.flatten(1).abs()
    total, inside = size.sum(1), (size * null).sum(1)
    mass = torch.where(total > 0, inside / total, null.mean(1))
    places = size.topk(max(counts.values()), dim=1).indices
    leaked = null.gather(1, places).cumsum(1)
    top = {level: (leaked[:, count - 1] / count).mean().item() for level, count in counts.items()}
    return {"mass": mass.mean().item(), "top10": top["10"], "top": top}


def explained(job, wanted):
    """One network from its training to its shares, and the seconds of each kind of work."""
    started = time.perf_counter()
    model, accuracies = train(job, wanted)
    trained = time.perf_counter()
    images, _ = job.test
    with torch.no_grad():
        target = model(images).argmax(1)
    maps = {
        method["id"]: attributions.METHODS[method["id"]](model, images, target, ROWS, method["settings"], None).detach()
        for method in job.settings["methods"]
    }
    attributed = time.perf_counter()
    leakage = {name: leak(values, job.null, job.settings["counts"]) for name, values in maps.items()}
    seconds = (trained - started, attributed - trained, time.perf_counter() - attributed)
    figures = {
        "training": wanted["training"],
        "index": wanted["index"],
        "epochs": wanted["settings"]["epochs"],
        **accuracies,
        "leakage": leakage,
    }
    return figures, seconds


def passes(wanted):
    """About how many passes over the training images a training makes."""
    attacks = 0 if wanted["adversary"] is None else wanted["adversary"]["steps"]
    return wanted["settings"]["epochs"] * (1 + 2 / 3 * attacks)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("job")
    parser.add_argument("--processes", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    job = Job(options.job)
    order = sorted(job.settings["trainings"], key=passes, reverse=True)
    if options.processes == 1:
        found = [explained(job, wanted) for wanted in order]
    else:
        # Forked, so that imports and images are there already; safe, as one thread computes in each process.
        with multiprocessing.get_context("fork").Pool(options.processes, share, (job,)) as pool:
            found = pool.map(explained_here, order, chunksize=1)
    work = [sum(seconds) for seconds in zip(*(seconds for _, seconds in found))]
    answer = {
        "networks": [figures for figures, _ in found],
        "work": dict(zip(("training", "attribution", "evaluation"), work)),
        "torch": torch.__version__,
    }
    print(json.dumps(answer), flush=True)


def share(job):
    global shared
    shared = job


def explained_here(wanted):
    return explained(shared, wanted)


if __name__ == "__main__":
    main()
