"""The benchmark's networks in PyTorch, with weights that the other side wrote in TensorFlow.js's names and layouts."""

import torch
from captum.attr._utils.custom_modules import Addition_Module
from torch import nn


class Perceptron(nn.Module):
    """Two hidden layers as wide as the input, ReLU; every module is used once, as captum's hooks want it."""

    def __init__(self, size, classes):
        super().__init__()
        self.hidden_1 = nn.Linear(size, size)
        self.relu_1 = nn.ReLU()
        self.hidden_2 = nn.Linear(size, size)
        self.relu_2 = nn.ReLU()
        self.logits = nn.Linear(size, classes)

    def forward(self, x):
        x = self.relu_1(self.hidden_1(x.flatten(1)))
        return self.logits(self.relu_2(self.hidden_2(x)))


class Block(nn.Module):
    def __init__(self, before, width, stride):
        super().__init__()
        self.conv1, self.bn1 = convolution(before, width, 3, stride), nn.BatchNorm2d(width)
        self.relu1 = nn.ReLU()
        self.conv2, self.bn2 = convolution(width, width, 3, 1), nn.BatchNorm2d(width)
        self.add, self.relu = Addition_Module(), nn.ReLU()
        self.downsample = None
        if stride != 1 or before != width:
            self.downsample = nn.ModuleList([convolution(before, width, 1, stride), nn.BatchNorm2d(width)])

    def forward(self, x):
        y = self.relu1(normalised(self.bn1, self.conv1(x)))
        y = normalised(self.bn2, self.conv2(y))
        if self.downsample is not None:
            x = normalised(self.downsample[1], self.downsample[0](x))
        return self.relu(self.add(y, x))


class Residual18(nn.Module):
    """ResNet-18 with the stem for small images, as torchvision but for the modules that captum wants for each sum."""

    def __init__(self, channels, width, classes):
        super().__init__()
        self.conv1, self.bn1, self.relu = convolution(channels, width, 3, 1), nn.BatchNorm2d(width), nn.ReLU()
        before = width
        for stage in range(4):
            after = width * 2**stage
            blocks = [Block(before, after, 1 if stage == 0 else 2), Block(after, after, 1)]
            setattr(self, f"layer{stage + 1}", nn.ModuleList(blocks))
            before = after
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(before, classes)

    @property
    def last_spatial(self):
        return self.layer4[1].relu

    def forward(self, x):
        x = self.relu(normalised(self.bn1, self.conv1(x)))
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            for block in stage:
                x = block(x)
        return self.fc(self.avgpool(x).flatten(1))


def convolution(before, after, kernel, stride):
    return nn.Conv2d(before, after, kernel, stride, padding=kernel // 2, bias=False)


def normalised(layer, x):
    """Without a layer as it is: after folding there is none."""
    return x if layer is None else layer(x)


def network(name, shape, classes):
    """The network of a name for images of shape [height, width, channels]."""
    height, width, channels = shape
    if name.startswith("mlp"):
        return Perceptron(height * width * channels, classes)
    if name == "resnet-18":
        return Residual18(channels, 16, classes)
    raise ValueError(f"network {name!r} is unknown")


def as_torch(values):
    """A kernel [height, width, in, out] or [in, out] as PyTorch lays it out, any other array as it is."""
    if values.ndim == 4:
        return values.permute(3, 2, 0, 1).contiguous()
    return values.T.contiguous() if values.ndim == 2 else values


SHORT = {
    "kernel": "weight",
    "bias": "bias",
    "gamma": "weight",
    "beta": "bias",
    "movingMean": "running_mean",
    "movingVariance": "running_var",
}


def load(model, weights):
    """Sets weights given by TensorFlow.js name; the flattened image has one channel or its channels last."""
    state = {}
    for name, values in weights.items():
        layer, short = name.rsplit("/", 1)
        state[f"{layer.replace('-', '_')}.{SHORT[short]}"] = as_torch(torch.from_numpy(values))
    missing, unexpected = model.load_state_dict(state, strict=False)
    missing = [name for name in missing if not name.endswith("num_batches_tracked")]
    if missing or unexpected:
        raise ValueError(f"weights missing {missing}, unknown {unexpected}")
    return model


def fold(model):
    """Takes every batch normalisation into the convolution before it."""
    pairs = {"conv1": "bn1", "conv2": "bn2"}
    for module in list(model.modules()):
        for convolution, norm in pairs.items():
            if isinstance(getattr(module, norm, None), nn.BatchNorm2d):
                fold_into(getattr(module, convolution), getattr(module, norm))
                setattr(module, norm, None)
        if getattr(module, "downsample", None) is not None:
            fold_into(*module.downsample)
            module.downsample = nn.ModuleList([module.downsample[0], None])


def fold_into(convolution, norm):
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    convolution.weight = nn.Parameter(convolution.weight * scale[:, None, None, None])
    convolution.bias = nn.Parameter(norm.bias - norm.running_mean * scale)
