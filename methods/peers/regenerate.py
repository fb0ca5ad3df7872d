"""Writes the fixtures of methods/peers/peers.test.ts: networks, images, and the maps of captum and zennit.

Run it by `npm run peers:regenerate`, which makes a virtual environment outside the repository with the versions of
requirements.txt. Two networks: a dense one on images from 0 to 1, and a convolutional one with batch normalisation,
pooling, a depthwise convolution and a residual sum on images from -1 to 1. Peers compute in float64, so that what a
comparison sees is our rounding and not theirs; everything is stored as float32, images and maps as [n, h, w, c].

LRP and its kin see the networks with batch normalisation folded by hand: zennit's canonizer leaves eps in place.
"""

import importlib.metadata
import json
import pathlib
import sys

import captum
import numpy as np
import torch
import zennit
from captum import attr
from captum.attr._utils import lrp_rules
from captum.attr._utils.custom_modules import Addition_Module
from safetensors.numpy import save_file
from torch import nn
from zennit import composites, rules
from zennit.layer import Sum

FOLDER = pathlib.Path(__file__).parent / "fixtures"
CLASSES = 4
IMAGES = 4
BATCH_NORM_EPS = 1e-3  # TensorFlow's default
STABILISER = 1e-6  # zennit's default, and ours


class Plus(nn.Module):
    """A sum of two as zennit recognises it."""

    def __init__(self):
        super().__init__()
        self.sum = Sum(dim=-1)

    def forward(self, a, b):
        return self.sum(torch.stack([a, b], dim=-1))


class Dense(nn.Module):
    size = (1, 8, 6)

    def __init__(self):
        super().__init__()
        self.hidden_1 = nn.Linear(48, 16)
        self.relu_1 = nn.ReLU()
        self.hidden_2 = nn.Linear(16, 12)
        self.relu_2 = nn.ReLU()
        self.logits = nn.Linear(12, CLASSES)

    def forward(self, x):
        x = self.relu_1(self.hidden_1(x.flatten(1)))
        return self.logits(self.relu_2(self.hidden_2(x)))


class Convolutional(nn.Module):
    size = (3, 16, 16)

    def __init__(self, add, normalised=True, apart=False):
        super().__init__()
        self.apart = apart
        norm = (lambda: nn.BatchNorm2d(6, eps=BATCH_NORM_EPS)) if normalised else (lambda: None)
        self.conv_1 = nn.Conv2d(3, 6, 3, padding=1)
        self.norm_1 = norm()
        self.relu_1 = nn.ReLU()
        self.max = nn.MaxPool2d(2)
        self.conv_2 = nn.Conv2d(6, 6, 3, padding=1)
        self.norm_2 = norm()
        self.relu_2 = nn.ReLU()
        self.depthwise = nn.Conv2d(6, 6, 3, padding=1, groups=6)
        self.norm_3 = norm()
        self.add = add
        self.relu_3 = nn.ReLU()
        self.average = nn.AvgPool2d(2)
        # Padded on all sides; TensorFlow's 'same' pads below and right only, so ours has a padding layer.
        self.strided = nn.Conv2d(6, 8, 3, stride=2, padding=1)
        self.relu_4 = nn.ReLU()
        self.logits = nn.Linear(32, CLASSES)

    def forward(self, x):
        norm = lambda layer, value: value if layer is None else layer(value)
        x = self.relu_1(norm(self.norm_1, self.conv_1(x)))
        # captum's DeepLIFT forgets its rule for max-pooling when its input is a ReLU's output itself.
        x = self.max(x * 1.0 if self.apart else x)
        y = self.relu_2(norm(self.norm_2, self.conv_2(x)))
        x = self.add(x, norm(self.norm_3, self.depthwise(y)))
        x = self.relu_4(self.strided(self.average(self.relu_3(x))))
        return self.logits(x.flatten(1))


PAIRS = [("conv_1", "norm_1"), ("conv_2", "norm_2"), ("depthwise", "norm_3")]


def initialise(model, seed):
    """Weights of uniform random numbers that keep signals of the size of one; running statistics too."""
    generator = torch.Generator().manual_seed(seed)

    def uniform(tensor, low, high):
        tensor.data.copy_(low + (high - low) * torch.rand(tensor.shape, generator=generator))

    for module in model.modules():
        if isinstance(module, (nn.Linear, nn.Conv2d)):
            limit = 2 / np.sqrt(module.weight[0].numel())
            uniform(module.weight, -limit, limit)
            uniform(module.bias, -limit, limit)
        if isinstance(module, nn.BatchNorm2d):
            uniform(module.weight, 0.5, 1.5)
            module.weight.data[::3] *= -1
            uniform(module.bias, -0.5, 0.5)
            uniform(module.running_mean, -0.3, 0.3)
            uniform(module.running_var, 0.3, 1.2)
    # Through float32, so that both sides start from the same numbers.
    for tensor in [*model.parameters(), *model.buffers()]:
        if tensor.is_floating_point():
            tensor.data.copy_(tensor.data.float().double())
    return model.eval()


def folded(model, add):
    """The convolutional network with every batch normalisation in the convolution before it."""
    result = Convolutional(add, normalised=False)
    result.load_state_dict(model.state_dict(), strict=False)
    for layer, norm in PAIRS:
        source, target, norm = getattr(model, layer), getattr(result, layer), getattr(model, norm)
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        target.weight.data = source.weight.data * scale[:, None, None, None]
        target.bias.data = (source.bias - norm.running_mean) * scale + norm.bias
    return result.eval()


def apart(model):
    """The same network with a product by one between the first ReLU and max-pooling."""
    result = Convolutional(Addition_Module(), apart=True)
    result.load_state_dict(model.state_dict())
    return result.eval()


def without_bias(model):
    for module in model.modules():
        if isinstance(module, (nn.Linear, nn.Conv2d)):
            module.bias.data.zero_()
    return model


def layers_as_tensorflow(model):
    """Weights by TensorFlow.js name and layout."""
    named = {}
    for name, module in model.named_modules():
        layer = name.replace("_", "-")
        if isinstance(module, nn.Conv2d) and module.groups > 1:
            named[f"{layer}/depthwiseKernel"] = module.weight.permute(2, 3, 0, 1)
        elif isinstance(module, nn.Conv2d):
            named[f"{layer}/kernel"] = module.weight.permute(2, 3, 1, 0)
        elif isinstance(module, nn.Linear) and name == "logits" and isinstance(model, Convolutional):
            # Flattened as [channels, 2, 2] there, as [2, 2, channels] here.
            named[f"{layer}/kernel"] = module.weight.reshape(CLASSES, 8, 2, 2).permute(2, 3, 1, 0).reshape(32, CLASSES)
        elif isinstance(module, nn.Linear):
            named[f"{layer}/kernel"] = module.weight.T
        if isinstance(module, (nn.Linear, nn.Conv2d)):
            named[f"{layer}/bias"] = module.bias
        if isinstance(module, nn.BatchNorm2d):
            named[f"{layer}/gamma"] = module.weight
            named[f"{layer}/beta"] = module.bias
            named[f"{layer}/movingMean"] = module.running_mean
            named[f"{layer}/movingVariance"] = module.running_var
    return named


# ---------------------------------------------------------------------------------------------------------------------
# captum


def captum_lrp(model, x, classes, rule):
    """LRP with one rule for every linear layer, fresh for each."""
    for module in model.modules():
        if isinstance(module, (nn.Linear, nn.Conv2d)):
            module.rule = rule()
    result = attr.LRP(model).attribute(x, target=classes)
    for module in model.modules():
        if hasattr(module, "rule"):
            del module.rule
    return result


def grid(size, side):
    """Features as squares of side x side over all channels, from the upper left."""
    channels, height, width = size
    columns = -(-width // side)
    rows = torch.arange(height)[:, None] // side * columns + torch.arange(width)[None, :] // side
    return rows.expand(1, channels, height, width).clone()


def with_noise(noise, run):
    """Runs captum's NoiseTunnel with these standard normals [samples, n, ...] for its own."""
    original = torch.normal

    def normal(mean, std):
        samples, n = noise.shape[:2]
        values = noise.transpose(0, 1).reshape(n * samples, *noise.shape[2:])
        return values * std

    torch.normal = normal
    try:
        return run()
    finally:
        torch.normal = original


def captum_maps(model, x, classes, references, noise):
    maps = {}
    keep = lambda name, values: maps.__setitem__(f"captum/{name}", values.detach())
    keep("saliency", attr.Saliency(model).attribute(x, target=classes, abs=False))
    keep("input-x-gradient", attr.InputXGradient(model).attribute(x, target=classes))
    for ours, theirs in [("gauss-legendre", "gausslegendre"), ("midpoint", "riemann_middle")]:
        keep(
            f"integrated-gradients/{ours}",
            attr.IntegratedGradients(model).attribute(x, target=classes, baselines=0.1, n_steps=20, method=theirs),
        )
    # Absolute noise in captum; here each image's range is 1 or 2 by construction, see images().
    spread = float(x[0].max() - x[0].min()) * 0.5
    for name, kind in [
        ("smooth-grad", "smoothgrad"),
        ("smooth-grad-squared", "smoothgrad_sq"),
        ("var-grad", "vargrad"),
    ]:
        tunnel = attr.NoiseTunnel(attr.Saliency(model))
        run = lambda: tunnel.attribute(x, nt_type=kind, nt_samples=len(noise), stdevs=spread, target=classes, abs=False)
        keep(name, with_noise(noise, run))
    channels, height, width = model.size
    keep(
        "occlusion",
        attr.Occlusion(model).attribute(
            x, target=classes, sliding_window_shapes=(channels, 4, 4), strides=(channels, 3, 3), baselines=0.1
        ),
    )
    features = grid(model.size, 4)
    keep(
        "feature-ablation",
        attr.FeatureAblation(model).attribute(x, target=classes, feature_mask=features, baselines=0.1),
    )
    # Every order of four equal quarters: what sampling and regression tend to.
    if height == width:
        quarters = grid(model.size, height // 2)
        keep(
            "shapley-values",
            attr.ShapleyValues(model).attribute(x, target=classes, feature_mask=quarters, baselines=0.1),
        )
    lift = lambda model: attr.DeepLift(model).attribute(x, target=classes, baselines=torch.full_like(x, 0.1))
    if isinstance(model, Convolutional):
        keep("deep-lift/adjacent", lift(model))
        model = apart(model)
    keep("deep-lift", lift(model))
    keep("deep-shap", attr.DeepLiftShap(model).attribute(x, target=classes, baselines=references))
    keep("guided-backprop", attr.GuidedBackprop(model).attribute(x, target=classes))
    keep("deconvolution", attr.Deconvolution(model).attribute(x, target=classes))
    return maps


def captum_layer_maps(model, x, classes):
    """At the last layer with spatial extent and at the residual sum, upsampled bilinearly."""
    maps = {}
    for layer, name in [(model.relu_4, "relu-4"), (model.relu_3, "relu-3")]:
        cam = attr.LayerGradCam(model, layer).attribute(x, target=classes, relu_attributions=True)
        size = x.shape[2:]
        up = attr.LayerAttribution.interpolate(cam, size, interpolate_mode="bilinear")
        maps[f"captum/grad-cam/{name}"] = up.detach()
        guided = attr.GuidedGradCam(model, layer).attribute(x, target=classes, interpolate_mode="bilinear")
        maps[f"captum/guided-grad-cam/{name}"] = guided.detach()
    return maps


def captum_relevance(model, x, classes, suffix=""):
    maps = {}
    keep = lambda name, values: maps.__setitem__(f"captum/{name}{suffix}", values.detach())
    keep("lrp-epsilon", captum_lrp(model, x, classes, lambda: lrp_rules.EpsilonRule(STABILISER)))
    keep("lrp-gamma", captum_lrp(model, x, classes, lambda: lrp_rules.GammaRule(0.25)))
    keep("lrp-z-plus", captum_lrp(model, x, classes, lrp_rules.Alpha1_Beta0_Rule))
    return maps


# ---------------------------------------------------------------------------------------------------------------------
# zennit


def zennit_map(model, x, classes, composite, start):
    x = x.clone().requires_grad_()
    with composite.context(model) as modified:
        output = modified(x)
        chosen = torch.eye(CLASSES)[classes]
        (gradient,) = torch.autograd.grad(output, x, chosen * output.detach() if start == "logit" else chosen)
    return gradient.detach()


def zennit_maps(model, x, classes, low, high):
    base = composites.layer_map_base(STABILISER)
    everywhere = lambda rule: composites.LayerMapComposite(base + [(zennit.types.Linear, rule)])
    first = lambda rule: composites.SpecialFirstLayerMapComposite(
        base + [(zennit.types.Linear, rules.ZPlus())], [(zennit.types.Linear, rule)]
    )
    box = rules.ZBox(low=torch.tensor(low), high=torch.tensor(high))
    by_logit = {
        "lrp-epsilon": everywhere(rules.Epsilon(STABILISER)),
        "lrp-epsilon/large": everywhere(rules.Epsilon(0.25)),
        "lrp-gamma": everywhere(rules.Gamma(0.25)),
        "lrp-alpha-beta": everywhere(rules.AlphaBeta(2, 1)),
        "lrp-alpha-beta/z-plus": everywhere(rules.ZPlus()),
        "lrp-z-box": first(box),
        "lrp-w-square": first(rules.WSquare(zero_params="bias")),
        "lrp-w-square/biased": first(rules.WSquare()),
        "lrp-flat": first(rules.Flat()),
        "lrp-epsilon-plus-flat": composites.EpsilonPlusFlat(),
        "lrp-epsilon-gamma-box": composites.EpsilonGammaBox(
            low=torch.tensor(low), high=torch.tensor(high), first_map=[(zennit.types.Linear, box)]
        ),
        "lrp-epsilon-gamma-box/convolution": composites.EpsilonGammaBox(low=torch.tensor(low), high=torch.tensor(high)),
    }
    by_one = {
        "guided-backprop": composites.GuidedBackprop(),
        "deconvolution": composites.DeconvNet(),
        "excitation-backprop": composites.ExcitationBackprop(zero_params="bias"),
        "excitation-backprop/biased": composites.ExcitationBackprop(),
    }
    return {
        **{f"zennit/{name}": zennit_map(model, x, classes, by_logit[name], "logit") for name in by_logit},
        **{f"zennit/{name}": zennit_map(model, x, classes, by_one[name], "one") for name in by_one},
    }


# ---------------------------------------------------------------------------------------------------------------------


def some_images(count, size, low, high, seed):
    """Uniform random images whose smallest value is exactly `low` and whose largest is exactly `high`."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand((count, *size), generator=generator)
    flat = x.reshape(count, -1)
    least, most = flat.min(1, keepdim=True).values, flat.max(1, keepdim=True).values
    flat = low + (high - low) * (flat - least) / (most - least)
    return flat.reshape(x.shape).float().double()


def write(name, model, low, high, maps_of):
    x = some_images(IMAGES, model.size, low, high, seed=7)
    references = some_images(3, model.size, low, high, seed=8)
    noise = torch.randn((3, IMAGES, *model.size), generator=torch.Generator().manual_seed(9)).float().double()
    logits = model(x).detach()
    classes = torch.tensor([int(logits[0].argmax()), int(logits[1].argmin()), 2, 3])
    maps = {**captum_maps(model, x, classes, references, noise), **maps_of(x, classes)}
    last = lambda values: values.movedim(-3, -1)
    entries = {
        "images": last(x),
        "references": last(references),
        "noise": last(noise),
        "logits": logits,
        **{f"weights/{key}": value for key, value in layers_as_tensorflow(model).items()},
        **{f"maps/{key}": last(value) for key, value in maps.items()},
    }
    arrays = {key: np.ascontiguousarray(value.detach().numpy().astype(np.float32)) for key, value in entries.items()}
    arrays["classes"] = classes.numpy().astype(np.int32)
    versions = {
        "python": sys.version.split()[0],
        "torch": torch.__version__,
        "captum": captum.__version__,
        "zennit": importlib.metadata.version("zennit"),
    }
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{name}.safetensors"
    # One entry, since safetensors writes several in any order.
    save_file(arrays, path, {"fixture": json.dumps({"versions": versions, "bounds": [low, high]})})
    path.chmod(0o644)
    print(f"{path}: {len(maps)} maps, classes {classes.tolist()}")


def main():
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)

    dense = initialise(Dense(), seed=3)
    unbiased = without_bias(initialise(Dense(), seed=3))
    write(
        "dense",
        dense,
        0.0,
        1.0,
        lambda x, classes: {
            **zennit_maps(dense, x, classes, 0.0, 1.0),
            **captum_relevance(dense, x, classes),
            **captum_relevance(unbiased, x, classes, "/unbiased"),
        },
    )
    convolutional = initialise(Convolutional(Addition_Module()), seed=2)
    plus = folded(convolutional, Plus())
    addition = folded(convolutional, Addition_Module())
    write(
        "convolutional",
        convolutional,
        -1.0,
        1.0,
        lambda x, classes: {
            **captum_layer_maps(convolutional, x, classes),
            **zennit_maps(plus, x, classes, -1.0, 1.0),
            **captum_relevance(addition, x, classes),
        },
    )


if __name__ == "__main__":
    main()
