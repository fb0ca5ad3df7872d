"""Writes the fixtures of models/peers: what torchvision's networks make of given weights, and trainings by torch.optim.SGD.

Run it by `npm run peers:regenerate`. Weights and images come from one formula on both sides, number by number from a
weight's name and place in TensorFlow's layout, so that only counts, logits, losses and statistics are stored. Torch
computes in float64: what a comparison sees is our rounding.
"""

import json
import pathlib

import numpy as np
import torch
import torchvision
from torch import nn
from torch.nn import functional
from torchvision.models import resnet

FOLDER = pathlib.Path(__file__).parent / "fixtures"


def uniform(name, count):
    """Numbers on [0, 1): the index, mixed with the name's FNV-1a hash by the finaliser of MurmurHash3."""
    seed = 0x811C9DC5
    for byte in name.encode():
        seed = ((seed ^ byte) * 0x01000193) & 0xFFFFFFFF
    x = (np.arange(count, dtype=np.uint64) * 0x9E3779B1 + seed).astype(np.uint32)
    x ^= x >> 16
    x *= np.uint32(0x85EBCA6B)
    x ^= x >> 13
    x *= np.uint32(0xC2B2AE35)
    x ^= x >> 16
    return x.astype(np.float64) / 2**32


def weight(name, shape):
    """A weight in TensorFlow's layout, as formula.ts makes it; through float32, from which both sides start."""
    u = uniform(name, int(np.prod(shape)))
    short = name.split("/")[-1]
    if short == "kernel":
        u = (2 * u - 1) * np.sqrt(6 / np.prod(shape[:-1]))
    elif short in ("gamma", "movingVariance"):
        u = 0.5 + u
    else:
        u = 0.4 * u - 0.2
    return torch.tensor(u.astype(np.float32).astype(np.float64).reshape(shape))


def images(shape):
    height, width, channels = shape[1:]
    values = uniform("images", int(np.prod(shape))).astype(np.float32).astype(np.float64).reshape(shape)
    return torch.tensor(values).permute(0, 3, 1, 2).contiguous()


def fill(model, maps, rename=lambda name: name):
    """Sets a model's weights by the formula. `maps`: the map [channels, rows, columns] that a dense layer sees flattened."""
    for torch_name, module in model.named_modules():
        name = rename(torch_name)
        if isinstance(module, nn.Conv2d):
            out, inputs, *kernel = module.weight.shape
            module.weight.data = weight(f"{name}/kernel", [*kernel, inputs, out]).permute(3, 2, 0, 1).contiguous()
        if isinstance(module, nn.Linear):
            out, inputs = module.weight.shape
            channels, rows, columns = maps.get(torch_name, (inputs, 1, 1))
            kernel = weight(f"{name}/kernel", [inputs, out]).reshape(rows, columns, channels, out)
            module.weight.data = kernel.permute(3, 2, 0, 1).reshape(out, inputs).contiguous()
        if isinstance(module, (nn.Conv2d, nn.Linear)) and module.bias is not None:
            module.bias.data = weight(f"{name}/bias", list(module.bias.shape))
        if isinstance(module, nn.BatchNorm2d):
            size = list(module.weight.shape)
            module.weight.data = weight(f"{name}/gamma", size)
            module.bias.data = weight(f"{name}/beta", size)
            module.running_mean.data = weight(f"{name}/movingMean", size)
            module.running_var.data = weight(f"{name}/movingVariance", size)
    return model.double()


# ---------------------------------------------------------------------------------------------------------------------
# Architectures


def residual(make, classes, channels=3, width=64, stem="cifar"):
    """torchvision's residual network, its stem and widths replaced."""
    model = make(num_classes=classes)
    block = resnet.BasicBlock if make is torchvision.models.resnet18 else resnet.Bottleneck
    counts = [2, 2, 2, 2] if make is torchvision.models.resnet18 else [3, 4, 6, 3]
    if stem == "cifar":
        model.conv1 = nn.Conv2d(channels, width, 3, padding=1, bias=False)
        model.maxpool = nn.Identity()
    if width != 64:
        if stem == "imagenet":
            model.conv1 = nn.Conv2d(channels, width, 7, stride=2, padding=3, bias=False)
        model.bn1 = nn.BatchNorm2d(width)
        model.inplanes = width
        for stage, count in enumerate(counts):
            layer = model._make_layer(block, width * 2**stage, count, stride=1 if stage == 0 else 2)
            setattr(model, f"layer{stage + 1}", layer)
        model.fc = nn.Linear(8 * width * block.expansion, classes)
    return model


class Small(nn.Module):
    def __init__(self, channels, height, columns, width, classes):
        super().__init__()
        self.conv_1 = nn.Conv2d(channels, width, 3, padding=1)
        self.conv_2 = nn.Conv2d(width, 2 * width, 3, padding=1)
        self.hidden = nn.Linear(2 * width * (height // 4) * (columns // 4), 4 * width)
        self.logits = nn.Linear(4 * width, classes)

    def forward(self, x):
        x = functional.max_pool2d(functional.relu(self.conv_1(x)), 2)
        x = functional.max_pool2d(functional.relu(self.conv_2(x)), 2)
        return self.logits(functional.relu(self.hidden(x.flatten(1))))


def small_vgg(hidden, classes):
    model = torchvision.models.vgg11(num_classes=classes)
    model.classifier[0] = nn.Linear(512 * 49, hidden)
    model.classifier[3] = nn.Linear(hidden, hidden)
    model.classifier[6] = nn.Linear(hidden, classes)
    return model


def architecture(name, model_id, parameters, input_shape, classes, model, maps={}):
    model = fill(model, maps, lambda layer: layer.replace("_", "-") if model_id == "cnn-small" else layer).eval()
    with torch.no_grad():
        logits = model(images([2, *input_shape]))
    return {
        "name": name,
        "model": model_id,
        "parameters": parameters,
        "inputShape": list(input_shape),
        "classes": classes,
        "weights": sum(p.numel() for p in model.parameters()),
        "logits": logits.tolist(),
    }


def architectures():
    models = torchvision.models
    inception = models.inception_v3(num_classes=5, aux_logits=False, init_weights=False)
    return [
        architecture("small", "cnn-small", {"width": 8}, (13, 10, 3), 4, Small(3, 13, 10, 8, 4), {"hidden": (16, 3, 2)}),
        # Sides that are odd on some stage, as BlockMNIST's are.
        architecture("narrow", "resnet-18", {"width": 16}, (28, 14, 3), 10, residual(models.resnet18, 10, width=16)),
        architecture(
            "grey", "resnet-18", {"width": 4}, (56, 28, 1), 2, residual(models.resnet18, 2, channels=1, width=4)
        ),
        architecture(
            "stem of 7x7",
            "resnet-18",
            {"width": 8, "stem": "imagenet"},
            (56, 49, 3),
            10,
            residual(models.resnet18, 10, width=8, stem="imagenet"),
        ),
        architecture("narrow", "resnet-50", {"width": 8}, (14, 13, 3), 10, residual(models.resnet50, 10, width=8)),
        architecture("one pixel left", "vgg-11", {"hidden": 32}, (32, 35, 3), 10, small_vgg(32, 10), {"classifier.0": (512, 7, 7)}),
        architecture("as it is", "densenet-121", {}, (35, 32, 3), 10, models.densenet121(num_classes=10)),
        architecture("without auxiliary classifier", "inception-v3", {}, (75, 78, 3), 5, inception),
    ]


def counts():
    """Numbers of parameters at full width: torchvision's own networks, and the residual ones for CIFAR-10."""
    models = torchvision.models
    cases = [
        ("vgg-11", {}, 224, 1000, models.vgg11()),
        ("densenet-121", {}, 224, 1000, models.densenet121()),
        ("inception-v3", {}, 299, 1000, models.inception_v3(aux_logits=False, init_weights=False)),
        ("resnet-18", {"stem": "imagenet"}, 224, 1000, models.resnet18()),
        ("resnet-50", {"stem": "imagenet"}, 224, 1000, models.resnet50()),
        ("resnet-18", {}, 32, 10, residual(models.resnet18, 10)),
        ("resnet-50", {}, 32, 10, residual(models.resnet50, 10)),
    ]
    return [
        {
            "model": name,
            "parameters": parameters,
            "side": side,
            "classes": classes,
            "weights": sum(p.numel() for p in model.parameters()),
        }
        for name, parameters, side, classes, model in cases
    ]


# ---------------------------------------------------------------------------------------------------------------------
# Training with batch normalisation


class Tiny(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv_1 = nn.Conv2d(2, 4, 3, padding=1, bias=False)
        self.norm_1 = nn.BatchNorm2d(4)
        self.conv_2 = nn.Conv2d(4, 4, 3, padding=1, bias=False)
        self.norm_2 = nn.BatchNorm2d(4)
        self.logits = nn.Linear(4, 3)

    def forward(self, x):
        x = functional.relu(self.norm_1(self.conv_1(x)))
        x = functional.relu(x + self.norm_2(self.conv_2(x)))
        return self.logits(x.mean((2, 3)))


TRAINING = {"learningRate": 0.1, "momentum": 0.9, "weightDecay": 5e-4, "batchSize": 8, "epochs": 3}
COUNT = 20


def attack(model, x, labels, eps, steps):
    """PGD in the L2 ball in training mode; running statistics stay as they are."""
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = 0.0
    adversarial = x.clone()
    for _ in range(steps):
        adversarial.requires_grad_(True)
        loss = functional.cross_entropy(model(adversarial), labels, reduction="sum")
        (gradient,) = torch.autograd.grad(loss, adversarial)
        with torch.no_grad():
            delta = adversarial - x + eps / 4 * gradient / gradient.flatten(1).norm(dim=1)[:, None, None, None]
            length = delta.flatten(1).norm(dim=1)[:, None, None, None]
            adversarial = (x + delta * torch.clamp(eps / length, max=1.0)).clamp(0, 1)
    for norm in norms:
        norm.momentum = 0.1
    return adversarial.detach()


def training(adversary):
    model = fill(Tiny(), {}, lambda name: name.replace("_", "-")).train()
    x = images([COUNT, 6, 5, 2])
    labels = torch.arange(COUNT) % 3
    optimiser = torch.optim.SGD(
        model.parameters(),
        lr=TRAINING["learningRate"],
        momentum=TRAINING["momentum"],
        weight_decay=TRAINING["weightDecay"],
    )
    losses = []
    for _ in range(TRAINING["epochs"]):
        total = 0.0
        for start in range(0, COUNT, TRAINING["batchSize"]):
            batch, target = x[start : start + TRAINING["batchSize"]], labels[start : start + TRAINING["batchSize"]]
            seen = batch if adversary is None else attack(model, batch, target, adversary["eps"], adversary["steps"])
            loss = functional.cross_entropy(model(seen), target)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            total += loss.item() * len(target)
        losses.append(total / COUNT)
    state = model.state_dict()
    moving = {
        f"norm-{i}/{ours}": state[f"norm_{i}.{theirs}"].tolist()
        for i in (1, 2)
        for ours, theirs in [("movingMean", "running_mean"), ("movingVariance", "running_var")]
    }
    with torch.no_grad():
        evaluation = model.eval()(x).tolist()
    return {"adversary": adversary, "losses": losses, "moving": moving, "evaluation": evaluation}


def rounded(content):
    """Ten digits: more than a comparison with float32 sees, fewer than machines disagree on."""
    if isinstance(content, float):
        return float(f"{content:.10g}")
    if isinstance(content, list):
        return [rounded(value) for value in content]
    return {key: rounded(value) for key, value in content.items()} if isinstance(content, dict) else content


def write(name, content):
    (FOLDER / f"{name}.json").write_text(json.dumps(rounded(content), indent=1) + "\n")


def main():
    torch.manual_seed(0)
    made_by = {"torch": torch.__version__.split("+")[0], "torchvision": torchvision.__version__.split("+")[0]}
    write("torchvision", {"madeBy": made_by, "counts": counts(), "architectures": architectures()})
    trainings = [training(None), training({"norm": "l2", "eps": 0.5, "steps": 3})]
    write("training", {"madeBy": made_by, "settings": TRAINING, "count": COUNT, "trainings": trainings})


if __name__ == "__main__":
    main()
